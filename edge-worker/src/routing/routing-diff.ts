/** What a change of the routing table did, field by field, for people and machines. Passwords and PINs are named, never shown. */
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import type { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import { toProtoJson } from '../livekit-api/proto-json.ts';

export interface ObjectDiff {
  readonly kind: 'trunk' | 'rule';
  readonly id: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Top-level fields whose value differs; of an added or removed object those that are set. */
  readonly fields: Readonly<
    Record<string, { readonly before: JsonValue; readonly after: JsonValue }>
  >;
}

type RoutingObject = SIPInboundTrunkInfo | SIPDispatchRuleInfo;

const secretFields: ReadonlySet<string> = new Set(['auth_password', 'pin']);

/** null stands for an object that is not there. */
export function diffObject(
  kind: ObjectDiff['kind'],
  id: string,
  before: RoutingObject | null,
  after: RoutingObject | null,
): ObjectDiff {
  const a = before === null ? {} : toProtoJson(before);
  const b = after === null ? {} : toProtoJson(after);
  const fields: Record<string, { before: JsonValue; after: JsonValue }> = {};
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [old, now] = [a[name] ?? null, b[name] ?? null];
    if (JSON.stringify(old) === JSON.stringify(now)) continue;
    if (before === null && isEmpty(now)) continue;
    if (after === null && isEmpty(old)) continue;
    fields[name] = { before: hidden(name, old), after: hidden(name, now) };
  }
  const change = before === null ? 'added' : after === null ? 'removed' : 'changed';
  return { kind, id, change, fields };
}

function isEmpty(value: JsonValue): boolean {
  if (value === null || value === '' || value === false || value === 0) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function hidden(name: string, value: JsonValue): JsonValue {
  if (secretFields.has(name) && typeof value === 'string' && value !== '') return '<hidden>';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([key, member]) => [key, hidden(key, member)]),
  );
}
