/**
 * The whole routing as one document, `{"trunks": […], "rules": […]}` in proto JSON: read strictly (an unknown field is an error, by name), compared
 * with what is stored, and written back with livekit-server's spelling.
 */

import type { JsonValue, Message, MessageType } from '@bufbuild/protobuf';
import { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import { Problem, type ProblemItem } from '../http/problem.ts';
import { conflictText, ruleFault, trunkFault } from '../livekit-api/check-set.ts';
import { toProtoJson } from '../livekit-api/proto-json.ts';
import { randomText } from '../rooms/random-text.ts';
import type { RoutingChange, RoutingSet } from './table-store.ts';

/** A document between Worker and Durable Object: each message as protobuf. */
export interface RoutingDocument {
  readonly trunks: readonly Uint8Array[];
  readonly rules: readonly Uint8Array[];
}

export type DocumentChange =
  | { kind: 'changed'; change: RoutingChange }
  | { kind: 'unchanged' }
  | { kind: 'refused'; errors: readonly ProblemItem[] };

/** Reads a document from JSON. @throws Problem `bad-field` naming every member that is wrong */
export function readDocument(json: unknown): RoutingDocument {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new Problem('bad-field', 'body: expected an object with trunks and rules');
  const errors: ProblemItem[] = [];
  for (const key of Object.keys(json))
    if (key !== 'trunks' && key !== 'rules' && key !== 'revision')
      errors.push({ field: key.slice(0, 64), detail: 'there is no such field' });
  const members = new Map<string, unknown>(Object.entries(json));
  const trunks = readMessages(SIPInboundTrunkInfo, 'trunks', members.get('trunks'), errors);
  const rules = readMessages(SIPDispatchRuleInfo, 'rules', members.get('rules'), errors);
  const [first] = errors;
  if (first !== undefined)
    throw new Problem('bad-field', `${first.field}: ${first.detail}`, { errors });
  return { trunks, rules };
}

/** What the document changes in the stored set. The resulting set is checked whole. Members without an id get one. */
export function documentChange(stored: RoutingSet, document: RoutingDocument): DocumentChange {
  const errors: ProblemItem[] = [];
  const trunks = new Map<string, SIPInboundTrunkInfo>();
  for (const [index, bytes] of document.trunks.entries()) {
    const trunk = SIPInboundTrunkInfo.fromBinary(bytes);
    trunk.sipTrunkId ||= `ST_${randomText()}`;
    const fault = trunks.has(trunk.sipTrunkId) ? 'sip_trunk_id is used twice' : trunkFault(trunk);
    if (fault !== null) errors.push({ field: `trunks.${index}`, detail: fault });
    trunks.set(trunk.sipTrunkId, trunk);
  }
  const rules = new Map<string, SIPDispatchRuleInfo>();
  for (const [index, bytes] of document.rules.entries()) {
    const rule = SIPDispatchRuleInfo.fromBinary(bytes);
    rule.sipDispatchRuleId ||= `SDR_${randomText()}`;
    const fault = rules.has(rule.sipDispatchRuleId)
      ? 'sip_dispatch_rule_id is used twice'
      : ruleFault(rule);
    if (fault !== null) errors.push({ field: `rules.${index}`, detail: fault });
    rules.set(rule.sipDispatchRuleId, rule);
  }
  const conflict = errors.length === 0 ? conflictText({ trunks, rules }) : null;
  if (conflict !== null) errors.push({ field: 'body', detail: conflict });
  if (errors.length > 0) return { kind: 'refused', errors: errors.slice(0, 100) };
  const change: RoutingChange = {
    trunks: difference(stored.trunks, trunks),
    rules: difference(stored.rules, rules),
  };
  return change.trunks.size + change.rules.size === 0
    ? { kind: 'unchanged' }
    : { kind: 'changed', change };
}

/** The stored set as a document. */
export function documentOf(set: RoutingSet): RoutingDocument {
  return {
    trunks: [...set.trunks.values()].map((trunk) => trunk.toBinary()),
    rules: [...set.rules.values()].map((rule) => rule.toBinary()),
  };
}

/** A document as livekit-server would write its members. */
export function documentJson(document: RoutingDocument): { trunks: JsonValue; rules: JsonValue } {
  return {
    trunks: document.trunks.map((bytes) => toProtoJson(SIPInboundTrunkInfo.fromBinary(bytes))),
    rules: document.rules.map((bytes) => toProtoJson(SIPDispatchRuleInfo.fromBinary(bytes))),
  };
}

function readMessages<T extends Message<T>>(
  type: MessageType<T>,
  field: string,
  json: unknown,
  errors: ProblemItem[],
): Uint8Array[] {
  if (!Array.isArray(json)) {
    errors.push({ field, detail: 'expected an array' });
    return [];
  }
  const messages: Uint8Array[] = [];
  for (const [index, member] of json.entries()) {
    try {
      messages.push(type.fromJson(member as JsonValue).toBinary());
    } catch (error) {
      if (errors.length < 20)
        errors.push({ field: `${field}.${index}`, detail: whatIsWrong(error) });
    }
  }
  return messages;
}

/** The decoder's complaint without the value it quotes: which field of which message, or which key is unknown. */
function whatIsWrong(error: unknown): string {
  const text = error instanceof Error ? error.message : '';
  const unknown =
    /^cannot decode message livekit\.(\w+) from JSON: key "([^"]{1,64})" is unknown/.exec(text);
  if (unknown !== null) return `${unknown[1]} has no field "${unknown[2]}"`;
  const field = /^cannot decode field livekit\.(\w+)\.(\w+) from JSON/.exec(text);
  if (field !== null) return `${field[1]}.${field[2]} does not hold a value of its type`;
  const message = /^cannot decode message (?:livekit|google\.protobuf)\.(\w+) from JSON/.exec(text);
  return message === null ? 'cannot be read' : `expected a ${message[1]}`;
}

/** What has to be written so that `before` becomes `after`. */
function difference<T extends Message<T>>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
): Map<string, T | null> {
  const changed = new Map<string, T | null>();
  for (const [id, message] of after) {
    const old = before.get(id);
    if (old === undefined || !old.equals(message)) changed.set(id, message);
  }
  for (const id of before.keys()) if (!after.has(id)) changed.set(id, null);
  return changed;
}
