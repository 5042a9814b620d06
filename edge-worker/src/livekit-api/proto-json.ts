/**
 * Protobuf messages as JSON the way livekit-server writes them: snake_case names, every default present, and `null` for messages that are
 * not set (Go's UseProtoNames and EmitUnpopulated). Reading takes both spellings of names.
 */
import type { AnyMessage, JsonObject, JsonValue, MessageType } from '@bufbuild/protobuf';

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
