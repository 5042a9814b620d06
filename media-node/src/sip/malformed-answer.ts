/**
 * The answer to a request that could not be read, made of the lines that could: RFC 3261 §8.2.6.2 wants Via, From, To, Call-ID and CSeq
 * repeated. Silence instead when they are not there, and for ACK, which is never answered, and for responses. Pure.
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

/** Bytes of the answer; null for silence. It goes to where the request came from. */
export function malformedAnswer(
  { fault, method, fields }: Unreadable,
  source: HostPort,
  random: RandomBytes,
): Buffer | null {
  if (method === null || method === 'ACK') return null;
  const vias = fields.filter(({ key }) => key === 'via').map(({ value }) => value);
  const [topText, ...below] = vias.flatMap((value) => splitList(value) ?? [value]);
  const [from, to, callId, cseq] = ['from', 'to', 'call-id', 'cseq'].map((key) =>
    only(fields, key),
  );
  if (topText === undefined || !from || !to || !callId || !cseq) return null;
  const via = readVia(topText);
  const toTag = readNameAddr(to)?.parameters.has('tag') ? '' : `;tag=${randomToken(random)}`;
  const rows: Row[] = [
    ['Via', via === null ? topText : writeVia(stampVia(via, source))],
    ...below.map((value): Row => ['Via', value]),
    ['From', from],
    ['To', `${to}${toTag}`],
    ['Call-ID', callId],
    ['CSeq', cseq],
  ];
  const { status, rule } = fault;
  return writeMessage({
    start: { kind: 'response', status, phrase: `${phrases[status]} (${rule})` },
    rows,
  });
}

/** The value of a header that stands once; null otherwise. */
function only(fields: readonly HeaderField[], key: string): string | null {
  const found = fields.filter((field) => field.key === key);
  return found.length === 1 ? (found[0]?.value ?? null) : null;
}
