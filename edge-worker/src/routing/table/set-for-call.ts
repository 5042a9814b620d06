/**
 * The objects that a dry run goes through: of a small table all of them, so that every near miss is explained; of a large one those that share a key with the
 * call, which are all that can take it.
 */
import { normalizeNumber } from '@callgate/shared/routing/normalize-number.ts';
import type { TableParts } from './change-writer.ts';
import { anyKey, keyOf, type ObjectKeys, type ObjectKind } from './object-keys.ts';
import { keysOfRow, type ObjectRow } from './object-store.ts';

/** Objects of a kind that a dry run reads. */
const objectsMax = 2_000;

export interface CallKeys {
  readonly toUser: string;
  readonly fromUser: string;
  readonly trunkId: string | null;
  /** null: the table as it is. */
  readonly revision: number | null;
}

type IdentifiedRow = ObjectRow & { readonly id: string };

export function setForCall(
  parts: Pick<TableParts, 'store' | 'log'>,
  call: CallKeys,
): { trunks: Uint8Array[]; rules: Uint8Array[] } {
  const trunks = rowsFor(parts, 'trunk', call);
  return {
    trunks: trunks.map((row) => parts.store.openTrunk(row.id, row).toBinary()),
    rules: rowsFor(parts, 'rule', call).map(({ message }) => message),
  };
}

function rowsFor(
  parts: Pick<TableParts, 'store' | 'log'>,
  kind: ObjectKind,
  call: CallKeys,
): readonly IdentifiedRow[] {
  const { store } = parts;
  if (!store.hasMoreThan(kind, objectsMax)) {
    const count = objectsMax + 1;
    const page =
      call.revision === null
        ? store.page(kind, '', count)
        : store.pageAt(kind, '', count, call.revision);
    if (page.length < count) return page;
  }
  return sharingKeys(parts, kind, call).slice(0, objectsMax);
}

/** The index knows the table of today: what was touched since is taken as it was. */
function sharingKeys(
  { store, log }: Pick<TableParts, 'store' | 'log'>,
  kind: ObjectKind,
  { toUser, fromUser, trunkId, revision }: CallKeys,
): IdentifiedRow[] {
  const wanted = {
    number: new Set([anyKey, keyOf(normalizeNumber(toUser))]),
    caller: new Set([anyKey, keyOf(normalizeNumber(fromUser))]),
  };
  const rows = new Map<string, ObjectRow | null>();
  const ids = store.rivals(kind, wanted, '');
  if (kind === 'trunk' && trunkId !== null) ids.push(trunkId);
  for (const id of ids) rows.set(id, store.row(kind, id));
  for (const was of revision === null ? [] : log.wayBack(revision)) {
    if (was.kind !== kind) continue;
    const isWanted =
      was.row !== null && (was.id === trunkId || isSharing(keysOfRow(kind, was.row), wanted));
    rows.set(was.id, isWanted ? was.row : null);
  }
  return [...rows]
    .flatMap(([id, row]) => (row === null ? [] : [{ ...row, id }]))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function isSharing(keys: ObjectKeys, wanted: ObjectKeys): boolean {
  const shares = (dimension: 'number' | 'caller') =>
    [...wanted[dimension]].some((key) => keys[dimension].has(key));
  return shares('number') && shares('caller');
}
