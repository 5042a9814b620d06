/**
 * Bodies from the network: read up to a bound, decoded strictly, and nothing deeper than edgeLimits.jsonDepthMax. What is wrong is thrown
 * as a Problem that does not repeat the body.
 */
import { edgeLimits } from '@callgate/shared/limits.ts';
import type * as z from 'zod';
import { Problem, type ProblemItem } from './problem.ts';
import { scanJson } from './scan-json.ts';

/** The body, at most `bytesMax` bytes. @throws Problem `body-too-large` before more than that has been kept. */
export async function readBytes(request: Request, bytesMax: number): Promise<Uint8Array> {
  const tooLarge = () => new Problem('body-too-large', `expected at most ${bytesMax} bytes`);
  const announced = request.headers.get('content-length');
  if (Number(announced ?? 0) > bytesMax) throw tooLarge();
  // HTTP holds a client to the length that it has announced: such a body can be read in one piece.
  if (announced !== null && /^\d+$/.test(announced)) {
    const whole = new Uint8Array(await request.arrayBuffer());
    if (whole.length > bytesMax) throw tooLarge();
    return whole;
  }
  const parts: Uint8Array[] = [];
  let length = 0;
  if (request.body === null) return new Uint8Array();
  // A chunked body announces no length: it is counted as it comes.
  for await (const part of request.body) {
    length += part.byteLength;
    if (length > bytesMax) throw tooLarge();
    parts.push(part);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  return bytes;
}

/** The body as JSON. @throws Problem `body-too-large`, `unsupported-media-type`, `bad-json`. */
export async function readJson(
  request: Request,
  bytesMax: number = edgeLimits.bodyBytesMax,
): Promise<unknown> {
  return parseJson(await readJsonBytes(request, bytesMax));
}

/** The body as JSON; no body stands for an empty object, where every field has a default. @throws Problem `body-too-large`, `bad-json`. */
export async function readJsonOrNothing(request: Request): Promise<unknown> {
  const bytes = await readBytes(request, edgeLimits.bodyBytesMax);
  return bytes.length === 0 ? {} : parseJson(bytes);
}

/** The bytes of a body that says it is JSON. @throws Problem `body-too-large`, `unsupported-media-type`. */
export async function readJsonBytes(request: Request, bytesMax: number): Promise<Uint8Array> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/(json|[a-z0-9.-]+\+json)\s*(;|$)/i.test(type))
    throw new Problem('unsupported-media-type', 'content-type: expected application/json');
  return readBytes(request, bytesMax);
}

/** UTF-8 bytes as JSON. @throws Problem `bad-json`. */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    // A byte order mark stays, and is no JSON (RFC 8259 §8.1).
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw badJson('the body is not UTF-8', error);
  }
  // Found by reading on: JSON.parse would already have recursed.
  const { depth, repeatedName } = scanJson(text);
  if (depth > edgeLimits.jsonDepthMax)
    throw badJson(`expected at most ${edgeLimits.jsonDepthMax} levels of nesting`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // V8's message quotes the text it stumbled over; ours does not.
    throw badJson('the body is not JSON', error);
  }
  if (repeatedName !== null) throw badJson(`${repeatedName}: stands twice in one object`);
  const path = prototypeKey(value, '');
  if (path !== null) throw badJson(`${path}: this name may not be used`);
  return value;
}

/** Checks a value against a schema of the contract. @throws Problem `bad-field` naming the first field and all of them. */
export function checkShape<T>(schema: z.ZodType<T>, value: unknown, name = 'body'): T {
  const reading = schema.safeParse(value);
  if (reading.success) return reading.data;
  const errors = reading.error.issues.flatMap((issue) => itemsOf(issue, name)).slice(0, 20);
  const [first] = errors;
  throw new Problem('bad-field', `${first?.field ?? name}: ${first?.detail ?? 'unexpected'}`, {
    errors,
  });
}

function itemsOf(issue: z.core.$ZodIssue, name: string): ProblemItem[] {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.slice(0, 20).map((key) => ({
      field: [path, key.slice(0, 64)].filter((part) => part !== '').join('.'),
      detail: 'there is no such field',
    }));
  return [{ field: path === '' ? name : path, detail: lowerFirst(issue.message) }];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function badJson(detail: string, cause?: unknown): Problem {
  const problem = new Problem('bad-json', detail);
  problem.cause = cause;
  return problem;
}

/** Path of the first key `__proto__`; null: there is none. */
function prototypeKey(value: unknown, path: string): string | null {
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, member] of Object.entries(value)) {
    const memberPath = path === '' ? key : `${path}.${key}`;
    if (key === '__proto__') return memberPath.slice(0, 200);
    const found = prototypeKey(member, memberPath);
    if (found !== null) return found;
  }
  return null;
}
