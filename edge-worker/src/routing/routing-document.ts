/**
 * The whole routing as one document, `{"trunks": […], "rules": […]}` in proto JSON: read strictly (an unknown field is an error, by name), and
 * written with livekit-server's spelling.
 */
import type { AnyMessage, JsonObject, JsonValue, Message, MessageType } from '@bufbuild/protobuf';
import { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import { Problem, type ProblemItem } from '../http/problem.ts';
import { fromProtoJson, toProtoJson } from '../livekit-api/proto-json.ts';
import { protoJsonFault } from '../livekit-api/proto-json-fault.ts';

/** A document between Worker and Durable Object: each message as protobuf. */
export interface RoutingDocument {
  readonly trunks: readonly Uint8Array[];
  readonly rules: readonly Uint8Array[];
}

/** The members of a document or patch. @throws Problem `bad-field` for anything but trunks, rules and the revision that GET tells */
export function membersOfDocument(json: unknown): { trunks?: JsonValue; rules?: JsonValue } {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new Problem('bad-field', 'body: expected an object with trunks and rules');
  for (const key of Object.keys(json))
    if (key !== 'trunks' && key !== 'rules' && key !== 'revision')
      throw new Problem('bad-field', `${key.slice(0, 64)}: there is no such field`);
  return json as { trunks?: JsonValue; rules?: JsonValue };
}

/** Reads a whole document from JSON. @throws Problem `bad-field` naming every member that is wrong */
export function readDocument(json: unknown): RoutingDocument {
  const members = membersOfDocument(json);
  const errors: ProblemItem[] = [];
  const read = (kind: 'trunk' | 'rule', field: string, member: JsonValue | undefined) => {
    if (Array.isArray(member))
      return member.flatMap((one, index) => readMember(kind, `${field}.${index}`, one, errors));
    errors.push({ field, detail: 'expected an array' });
    return [];
  };
  const document = {
    trunks: read('trunk', 'trunks', members.trunks),
    rules: read('rule', 'rules', members.rules),
  };
  throwIfWrong(errors);
  return document;
}

/** @throws Problem `bad-field` with all the errors, if there are any */
export function throwIfWrong(errors: readonly ProblemItem[]): void {
  const [first] = errors;
  if (first !== undefined)
    throw new Problem('bad-field', `${first.field}: ${first.detail}`, { errors });
}

/** One trunk or rule as protobuf; nothing, and an error more, when the JSON is none. */
export function readMember(
  kind: 'trunk' | 'rule',
  field: string,
  json: JsonValue,
  errors: ProblemItem[],
): Uint8Array[] {
  const read: readonly AnyMessage[] =
    kind === 'trunk'
      ? readMessage(SIPInboundTrunkInfo, field, json, errors)
      : readMessage(SIPDispatchRuleInfo, field, json, errors);
  return read.map((message) => message.toBinary());
}

/** One message; none, and an error more, when the JSON does not fit it. */
export function readMessage<T extends Message<T>>(
  type: MessageType<T>,
  field: string,
  json: JsonValue,
  errors: ProblemItem[],
): T[] {
  try {
    return [fromProtoJson(type, json)];
  } catch {
    if (errors.length >= 20) return [];
    const { path, detail } = protoJsonFault(type, json);
    errors.push({ field: path === '' ? field : `${field}.${path}`, detail });
    return [];
  }
}

/** A document as livekit-server would write its members. */
export function documentJson(document: RoutingDocument): {
  trunks: JsonObject[];
  rules: JsonObject[];
} {
  return {
    trunks: document.trunks.map((bytes) => toProtoJson(SIPInboundTrunkInfo.fromBinary(bytes))),
    rules: document.rules.map((bytes) => toProtoJson(SIPDispatchRuleInfo.fromBinary(bytes))),
  };
}
