/**
 * The whole routing as one document, `{"trunks": […], "rules": […]}` in proto JSON: read strictly (an unknown field is an error, by name), and
 * written with livekit-server's spelling.
 */
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import { Problem, type ProblemItem } from '../http/problem.ts';
import { toProtoJson } from '../livekit-api/proto-json.ts';

/** A document between Worker and Durable Object: each message as protobuf. */
export interface RoutingDocument {
  readonly trunks: readonly Uint8Array[];
  readonly rules: readonly Uint8Array[];
}

const messageTypes = { trunk: SIPInboundTrunkInfo, rule: SIPDispatchRuleInfo } as const;

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
  return readMessage(() => [messageTypes[kind].fromJson(json).toBinary()], field, errors);
}

/** What `decode` gives; nothing, and an error more, when it throws. */
export function readMessage<T>(decode: () => T[], field: string, errors: ProblemItem[]): T[] {
  try {
    return decode();
  } catch (error) {
    if (errors.length < 20) errors.push({ field, detail: whatIsWrong(error) });
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
