/**
 * Protobuf messages as JSON the way livekit-server writes them: snake_case names, every default present, and `null` for messages that are
 * not set (Go's UseProtoNames and EmitUnpopulated). Reading takes both spellings of names.
 */
import {
  type AnyMessage,
  type JsonObject,
  type JsonReadOptions,
  type JsonValue,
  Message,
  type MessageType,
} from '@bufbuild/protobuf';

/** A message from JSON. A null stands for a field that is not set, in a oneof too. @throws Error when the JSON does not fit the type */
export function fromProtoJson<T extends Message<T>>(
  type: MessageType<T>,
  json: JsonValue,
  options?: Partial<JsonReadOptions>,
): T {
  const message = type.fromJson(json, options);
  clearEmptyOneofs(message);
  return message;
}

/** Of `"dispatch_rule_direct": null` the decoder keeps the name of the member without a value, which can neither be encoded nor evaluated. */
function clearEmptyOneofs(message: AnyMessage): void {
  for (const field of message.getType().fields.byMember()) {
    const member: unknown = message[field.localName];
    if (field.kind !== 'oneof') {
      for (const inner of messagesIn(member)) clearEmptyOneofs(inner);
      continue;
    }
    const { value } = member as { value?: unknown };
    if (value === undefined) message[field.localName] = { case: undefined };
    else for (const inner of messagesIn(value)) clearEmptyOneofs(inner);
  }
}

/** Messages in a field: itself, the items of a list, the values of a map. */
function messagesIn(member: unknown): AnyMessage[] {
  if (member instanceof Message) return [member as AnyMessage];
  if (typeof member !== 'object' || member === null || member instanceof Uint8Array) return [];
  return Object.values(member).filter((item): item is AnyMessage => item instanceof Message);
}

/** What livekit-server would answer for this message. */
export function toProtoJson(message: AnyMessage): JsonObject {
  const type = message.getType() as MessageType;
  const json = message.toJson({ emitDefaultValues: true, useProtoFieldName: true });
  return withNulls(type, json);
}

/** Adds `null` for each message field that is not set and stands in no oneof, at every depth. */
function withNulls(type: MessageType, json: JsonValue): JsonObject {
  const object = { ...(json as JsonObject) };
  for (const field of type.fields.list()) {
    const value = object[field.name];
    if (field.kind === 'message') {
      // Duration, Timestamp and the like have a JSON form of their own.
      const isPlain = !field.T.typeName.startsWith('google.protobuf.');
      if (value === undefined) {
        if (!field.repeated && field.oneof === undefined && !field.opt) object[field.name] = null;
      } else if (!isPlain) continue;
      else if (Array.isArray(value)) object[field.name] = value.map((v) => withNulls(field.T, v));
      else object[field.name] = withNulls(field.T, value);
    } else if (field.kind === 'map' && field.V.kind === 'message' && value !== undefined) {
      const valueType = field.V.T;
      object[field.name] = Object.fromEntries(
        Object.entries(value as JsonObject).map(([key, v]) => [key, withNulls(valueType, v)]),
      );
    }
  }
  return object;
}
