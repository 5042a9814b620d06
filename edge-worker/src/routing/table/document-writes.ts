/**
 * Turns documents and patches into writes: every member is checked alone here; what members do to each other is checked when they are written
 * (change-writer.ts). Members without an id get one.
 */
import type { JsonValue, Message, MessageType } from '@bufbuild/protobuf';
import { type Fault, fault } from '@callgate/shared/livekit-api/fault.ts';
import { ruleFault } from '@callgate/shared/livekit-api/validate-rule.ts';
import { inboundTrunkFault } from '@callgate/shared/livekit-api/validate-trunk.ts';
import { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import type { ProblemItem } from '../../http/problem.ts';
import { toProtoJson } from '../../livekit-api/proto-json.ts';
import { randomText } from '../../rooms/random-text.ts';
import { mergePatch } from '../merge-patch.ts';
import { type RoutingDocument, readMember } from '../routing-document.ts';
import type { ObjectWrite } from './change-writer.ts';
import type { ObjectKind } from './object-keys.ts';
import { type ObjectStore, sizeFault } from './object-store.ts';

export type Writes =
  | { kind: 'writes'; writes: ObjectWrite[] }
  | { kind: 'refused'; errors: ProblemItem[] };

/** Errors listed in one answer. */
const errorsMax = 100;

/** Everything in the document is put, everything else is deleted. */
export function writesOfDocument(
  store: ObjectStore,
  ids: (kind: ObjectKind) => Iterable<string>,
  document: RoutingDocument,
): Writes {
  const errors: ProblemItem[] = [];
  const writes = [
    ...membersOf(store, 'trunk', document.trunks, errors),
    ...membersOf(store, 'rule', document.rules, errors),
  ];
  if (errors.length > 0) return { kind: 'refused', errors: errors.slice(0, errorsMax) };
  for (const kind of ['trunk', 'rule'] as const) {
    const kept = new Set(writes.flatMap((write) => (write.kind === kind ? [write.id] : [])));
    for (const id of ids(kind)) if (!kept.has(id)) writes.push({ kind, id, row: null });
  }
  // Deletions first: what they free may be taken by what is put.
  return {
    kind: 'writes',
    writes: writes.toSorted((a, b) => Number(a.row !== null) - Number(b.row !== null)),
  };
}

/**
 * A JSON Merge Patch over the document. A member that is an array replaces all trunks (or rules), as RFC 7396 has it; one that is an object
 * addresses them by id, `{"trunks": {"ST_a": {"name": "x"}, "ST_b": null}}`.
 */
export function writesOfPatch(
  store: ObjectStore,
  ids: (kind: ObjectKind) => Iterable<string>,
  patch: { readonly trunks?: JsonValue; readonly rules?: JsonValue },
): Writes {
  const errors: ProblemItem[] = [];
  const writes: ObjectWrite[] = [];
  for (const [field, kind] of [
    ['trunks', 'trunk'],
    ['rules', 'rule'],
  ] as const) {
    const member = patch[field];
    if (member === undefined) continue;
    if (member === null || Array.isArray(member)) {
      const messages = (member ?? []).flatMap((json, index) =>
        readMember(kind, `${field}.${index}`, json, errors),
      );
      const put = membersOf(store, kind, messages, errors);
      const kept = new Set(put.map(({ id }) => id));
      for (const id of ids(kind)) if (!kept.has(id)) writes.push({ kind, id, row: null });
      writes.push(...put);
    } else if (typeof member === 'object') {
      for (const [id, change] of Object.entries(member))
        writes.push(...patchedMember(store, kind, `${field}.${id}`, id, change, errors));
    } else errors.push({ field, detail: 'expected an array, or an object keyed by id' });
  }
  if (errors.length > 0) return { kind: 'refused', errors: errors.slice(0, errorsMax) };
  return {
    kind: 'writes',
    writes: writes.toSorted((a, b) => Number(a.row !== null) - Number(b.row !== null)),
  };
}

function patchedMember(
  store: ObjectStore,
  kind: ObjectKind,
  field: string,
  id: string,
  change: JsonValue,
  errors: ProblemItem[],
): ObjectWrite[] {
  if (change === null) return [{ kind, id, row: null }];
  const stored = kind === 'trunk' ? store.trunk(id) : store.rule(id);
  const target = stored === null ? { [idField(kind)]: id } : toProtoJson(stored);
  const [message] = readMember(kind, field, mergePatch(target, change), errors);
  if (message === undefined) return [];
  const [write] = membersOf(store, kind, [message], errors, () => field);
  if (write !== undefined && write.id !== id)
    errors.push({
      field: `${field}.${idField(kind)}`,
      detail: 'expected the id under which it stands',
    });
  return write === undefined ? [] : [write];
}

function membersOf(
  store: ObjectStore,
  kind: ObjectKind,
  messages: readonly Uint8Array[],
  errors: ProblemItem[],
  fieldOf = (index: number) => `${kind}s.${index}`,
): ObjectWrite[] {
  const seen = new Set<string>();
  const writes: ObjectWrite[] = [];
  for (const [index, bytes] of messages.entries()) {
    const write = kind === 'trunk' ? trunkWrite(store, bytes) : ruleWrite(store, bytes);
    const refused = seen.has(write.id)
      ? fault(idField(kind), 'is used twice')
      : (sizeFault(bytes) ?? idFault(write.id) ?? write.fault);
    if (refused !== null)
      errors.push({ field: `${fieldOf(index)}.${refused.field}`, detail: refused.msg });
    seen.add(write.id);
    writes.push({ kind, id: write.id, row: write.row });
  }
  return writes;
}

function trunkWrite(store: ObjectStore, bytes: Uint8Array) {
  const trunk = decode(SIPInboundTrunkInfo, bytes);
  trunk.sipTrunkId ||= `ST_${randomText()}`;
  return { id: trunk.sipTrunkId, fault: inboundTrunkFault(trunk), row: store.trunkRow(trunk) };
}

function ruleWrite(store: ObjectStore, bytes: Uint8Array) {
  const rule = decode(SIPDispatchRuleInfo, bytes);
  rule.sipDispatchRuleId ||= `SDR_${randomText()}`;
  return { id: rule.sipDispatchRuleId, fault: ruleFault(rule), row: store.ruleRow(rule) };
}

function idFault(id: string): Fault | null {
  return /^[\x21-\x7e]{1,128}$/.test(id)
    ? null
    : fault('id', 'expected 1 to 128 printable characters without blanks');
}

function idField(kind: ObjectKind): string {
  return kind === 'trunk' ? 'sip_trunk_id' : 'sip_dispatch_rule_id';
}

function decode<T extends Message<T>>(type: MessageType<T>, bytes: Uint8Array): T {
  return type.fromBinary(bytes);
}
