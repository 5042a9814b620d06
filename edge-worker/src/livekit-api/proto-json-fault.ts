/** Which field of a JSON text does not fit its message, and what was expected there: the decoder only says that something does not, and quotes it. */
import {
  type AnyMessage,
  type FieldInfo,
  type JsonObject,
  type JsonReadOptions,
  type JsonValue,
  type MessageType,
  ScalarType,
} from '@bufbuild/protobuf';

export interface JsonFault {
  /** Names and indexes with dots between; '' : the message itself. */
  readonly path: string;
  readonly detail: string;
}

/** @param json something that the decoder of `type` refuses under these options */
export function protoJsonFault(
  type: MessageType<AnyMessage>,
  json: JsonValue,
  options: Partial<JsonReadOptions> = {},
): JsonFault {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return { path: '', detail: `expected an object (${shortName(type.typeName)})` };
  for (const [key, value] of Object.entries(json as JsonObject)) {
    const field = fieldOf(type, key);
    if (field === undefined) {
      if (options.ignoreUnknownFields === true) continue;
      return { path: key.slice(0, 64), detail: 'there is no such field' };
    }
    if (!fits(type, { [key]: value }, options)) return within(key, inField(field, value, options));
  }
  return { path: '', detail: `expected a ${shortName(type.typeName)}` };
}

function inField(field: FieldInfo, value: JsonValue, options: Partial<JsonReadOptions>): JsonFault {
  if (!field.repeated) return inValue(field, value, options);
  if (!Array.isArray(value)) return { path: '', detail: `expected an array of ${wanted(field)}` };
  const one = { ...field, repeated: false } as FieldInfo;
  const index = value.findIndex((item) => item === null || !fitsField(field, [item], options));
  return within(String(index), inValue(one, value[index] ?? null, options));
}

function inValue(field: FieldInfo, value: JsonValue, options: Partial<JsonReadOptions>): JsonFault {
  const isOurs = field.kind === 'message' && !field.T.typeName.startsWith('google.protobuf.');
  return isOurs
    ? protoJsonFault(field.T, value, options)
    : { path: '', detail: `expected ${wanted(field)}` };
}

/** Whether a list of one item decodes in a field of messages, enums or scalars. */
function fitsField(
  field: FieldInfo,
  items: readonly JsonValue[],
  options: Partial<JsonReadOptions>,
): boolean {
  if (field.kind === 'message') return items.every((item) => fits(field.T, item, options));
  if (field.kind === 'scalar' && field.T === ScalarType.STRING)
    return items.every((item) => typeof item === 'string' && item.isWellFormed());
  return items.every((item) => typeof item === 'number' || typeof item === 'string');
}

function fits(
  type: MessageType<AnyMessage>,
  json: JsonValue,
  options: Partial<JsonReadOptions>,
): boolean {
  try {
    type.fromJson(json, options);
    return true;
  } catch {
    // The decoder's message quotes the value; what we say of it is found by looking on.
    return false;
  }
}

function fieldOf(type: MessageType<AnyMessage>, key: string): FieldInfo | undefined {
  return (
    type.fields.findJsonName(key) ?? type.fields.list().find((candidate) => candidate.name === key)
  );
}

function wanted(field: FieldInfo): string {
  switch (field.kind) {
    case 'enum':
      return `one of ${field.T.values.map(({ name }) => name).join(', ')}`;
    case 'map':
      return 'an object of texts';
    case 'message':
      return field.T.typeName === 'google.protobuf.Duration'
        ? 'a duration such as "30s"'
        : `a ${shortName(field.T.typeName)}`;
    default:
      return scalarText(field.T);
  }
}

function scalarText(type: ScalarType): string {
  switch (type) {
    case ScalarType.STRING:
      return 'a text';
    case ScalarType.BOOL:
      return 'true or false';
    case ScalarType.BYTES:
      return 'base64';
    case ScalarType.FLOAT:
    case ScalarType.DOUBLE:
      return 'a number';
    default:
      return 'a whole number';
  }
}

function within(name: string, { path, detail }: JsonFault): JsonFault {
  return { path: path === '' ? name : `${name}.${path}`, detail };
}

function shortName(typeName: string): string {
  return typeName.slice(typeName.lastIndexOf('.') + 1);
}
