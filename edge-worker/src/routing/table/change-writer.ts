/**
 * Writes a change: rows, keys, history and the places that must be published anew. The resulting set is checked against the index;
 * a conflict throws, and the transaction around it leaves everything as it was. The one way through which all changes go.
 */
import {
  ruleConflictFault,
  trunkConflictFault,
} from '@callgate/shared/livekit-api/conflict-fault.ts';
import type { Fault } from '@callgate/shared/livekit-api/fault.ts';
import { normalizeNumber } from '@callgate/shared/routing/normalize-number.ts';
import { SIPDispatchRuleInfo, type SIPInboundTrunkInfo } from '@livekit/protocol';
import { bitsFor } from '../shards/bucket.ts';
import type { DirtyPlaces } from './dirty-places.ts';
import type { ObjectKind } from './object-keys.ts';
import type { ObjectRow, ObjectStore } from './object-store.ts';
import { type PlaceIndex, placeText } from './place-index.ts';
import type { Change, RevisionLog } from './revision-log.ts';
import { storedObjects } from './stored-objects.ts';

/** One object to be written; a null row deletes. */
export interface ObjectWrite {
  readonly kind: ObjectKind;
  readonly id: string;
  readonly row: ObjectRow | null;
}

/** Who changes the table, how, and when. */
export interface ChangeOrigin {
  readonly author: string;
  readonly source: string;
  readonly atMs: number;
}

/** The resulting set would be ambiguous. */
export class SetConflict extends Error {
  readonly kind: ObjectKind;
  readonly id: string;

  constructor(kind: ObjectKind, id: string, text: string) {
    super(text);
    this.name = 'SetConflict';
    this.kind = kind;
    this.id = id;
  }
}

export interface TableParts {
  readonly store: ObjectStore;
  readonly places: PlaceIndex;
  readonly log: RevisionLog;
  readonly dirty: DirtyPlaces;
}

/** What of the writes changes anything. */
export function effectiveChanges(store: ObjectStore, writes: readonly ObjectWrite[]): Change[] {
  return writes.flatMap(({ kind, id, row }) => {
    const before = store.row(kind, id);
    return isSameObject(store, kind, id, before, row) ? [] : [{ kind, id, before, after: row }];
  });
}

/** Writes the changes as one revision. Call it inside a transaction. Returns the revision. @throws SetConflict */
export function writeChanges(
  { store, places, log, dirty }: TableParts,
  changes: readonly Change[],
  origin: ChangeOrigin,
): number {
  const touched = new Set<string>();
  const bits = dirty.bits();
  for (const change of changes) {
    const { kind, id, after } = change;
    const mark = (row: ObjectRow | null) => {
      if (row !== null) for (const place of places.placesOf(kind, row, bits)) touched.add(place);
    };
    const [left, entered] = movedPart(store, change);
    mark(left);
    store.write(kind, id, after);
    for (const rule of kind === 'rule' ? [id] : places.rulesWithTrunk(id)) {
      if (!places.noteBroad(rule)) continue;
      // The rule moves between the buckets of its trunk and the common place.
      touched.add(placeText({ kind: 'common' }));
      mark(change.before);
      mark(after);
    }
    mark(entered);
  }
  for (const { kind, id, after } of changes)
    if (after !== null) checkConflict(store, kind, id, after);
  const { author, source, atMs } = origin;
  const revision = log.append({ author, source, at_ms: atMs }, changes);
  const counts = store.counts();
  dirty.mark(touched, revision, {
    numbers: bitsFor(counts.numbers, bits.numbers),
    callers: bitsFor(counts.callers, bits.callers),
    pins: bitsFor(counts.pins, bits.pins),
  });
  return revision;
}

/**
 * What of an object leaves places, and what enters places. An object that differs in its numbers alone is the same in all places but those of the numbers that came
 * or went: of a trunk with thousands of numbers a change rewrites one bucket.
 */
function movedPart(
  store: ObjectStore,
  { kind, id, before, after }: Change,
): [ObjectRow | null, ObjectRow | null] {
  if (before === null || after === null) return [before, after];
  const open = (row: ObjectRow) =>
    kind === 'trunk' ? store.openTrunk(id, row) : SIPDispatchRuleInfo.fromBinary(row.message);
  const [a, b] = [open(before), open(after)];
  const [old, now] = [a.numbers, b.numbers];
  a.numbers = b.numbers = [];
  if (old.length === 0 || now.length === 0 || !isEqual(a, b)) return [before, after];
  return [withNumbers(a, missingIn(now, old)), withNumbers(b, missingIn(old, now))];
}

function isEqual(
  a: SIPInboundTrunkInfo | SIPDispatchRuleInfo,
  b: SIPInboundTrunkInfo | SIPDispatchRuleInfo,
): boolean {
  return Buffer.compare(a.toBinary(), b.toBinary()) === 0;
}

/** Entries of `list` that `other` does not hold in any spelling. */
function missingIn(other: readonly string[], list: readonly string[]): string[] {
  const known = new Set(other.map(normalizeNumber));
  return list.filter((number) => !known.has(normalizeNumber(number)));
}

/** null: no numbers, no places. */
function withNumbers(
  object: SIPInboundTrunkInfo | SIPDispatchRuleInfo,
  numbers: string[],
): ObjectRow | null {
  if (numbers.length === 0) return null;
  object.numbers = numbers;
  return { message: object.toBinary(), password: null };
}

function checkConflict(store: ObjectStore, kind: ObjectKind, id: string, row: ObjectRow): void {
  const stored = storedObjects(store);
  let fault: Fault | null;
  if (kind === 'trunk') {
    const trunk = store.openTrunk(id, row);
    fault = trunkConflictFault(trunk, stored.trunksBeside(trunk));
  } else {
    const rule = SIPDispatchRuleInfo.fromBinary(row.message);
    fault = ruleConflictFault(rule, stored.rulesBeside(rule));
  }
  if (fault !== null) throw new SetConflict(kind, id, fault.msg);
}

/** Sealing the same password twice gives two texts: passwords are compared opened. */
function isSameObject(
  store: ObjectStore,
  kind: ObjectKind,
  id: string,
  a: ObjectRow | null,
  b: ObjectRow | null,
): boolean {
  if (a === null || b === null) return a === b;
  if (kind === 'rule')
    return SIPDispatchRuleInfo.fromBinary(a.message).equals(
      SIPDispatchRuleInfo.fromBinary(b.message),
    );
  return store.openTrunk(id, a).equals(store.openTrunk(id, b));
}
