/**
 * The answer to a request that could not be read, made of the lines that could: RFC 3261 §8.2.6.2 wants Via, From, To, Call-ID and CSeq
 * repeated; those that are missing are left out. Silence where there is no Via to send by, for ACK, which is never answered, and for
 * responses. Pure.
 */
import { type RandomBytes, randomToken } from './transaction/random-token.ts';
import type { HostPort } from './transport/transport.ts';
import type { HeaderField } from './wire/gate.ts';
import { readNameAddr, splitList } from './wire/name-addr.ts';
import type { Unreadable } from './wire/read-message.ts';
import { readVia, stampVia, writeVia } from './wire/via.ts';
import { type Row, writeMessage } from './wire/write-message.ts';

const phrases: Readonly<Record<Unreadable['fault']['status'], string>> = {
  400: 'Bad Request',
  413: 'Request Entity Too Large',
  505: 'Version Not Supported',
  513: 'Message Too Large',
};

/** What an answer repeats beside Via. */
const repeated = [
  ['From', 'from'],
  ['To', 'to'],
  ['Call-ID', 'call-id'],
  ['CSeq', 'cseq'],
] as const;

/** Bytes of the answer; null for silence. It goes to where the request came from. */
export function malformedAnswer(
  { fault, method, fields }: Unreadable,
  source: HostPort,
  random: RandomBytes,
): Buffer | null {
  if (method === null || method === 'ACK') return null;
  const vias = fields.filter(({ key }) => key === 'via').map(({ value }) => value);
  const [topText, ...below] = vias.flatMap((value) => splitList(value) ?? [value]);
  if (topText === undefined) return null;
  const via = readVia(topText);
  const rows: Row[] = [
    ['Via', via === null ? topText : writeVia(stampVia(via, source))],
    ...below.map((value): Row => ['Via', value]),
  ];
  for (const [name, key] of repeated) {
    const value = only(fields, key);
    if (value !== null) rows.push([name, key === 'to' ? tagged(value, random) : value]);
  }
  const { status, rule } = fault;
  return writeMessage({
    start: { kind: 'response', status, phrase: `${phrases[status]} (${rule})` },
    rows,
  });
}

/** To with a tag of ours, unless it has one. RFC 3261 §8.2.6.2. */
function tagged(to: string, random: RandomBytes): string {
  return readNameAddr(to)?.parameters.has('tag') ? to : `${to};tag=${randomToken(random)}`;
}

/** The value of a header that stands once; null otherwise. */
function only(fields: readonly HeaderField[], key: string): string | null {
  const found = fields.filter((field) => field.key === key);
  return found.length === 1 ? (found[0]?.value ?? null) : null;
}
