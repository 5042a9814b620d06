/**
 * From bytes to a message: the gate first, then the package reads the start line and the plain headers, then we read what it would
 * misread: Via and every URI (it knows no IPv6), addresses (it takes unbalanced ones), CSeq (it takes `x1 INVITE`), methods (it undoes
 * escapes in them, so that RE%47ISTER becomes REGISTER). Never throws.
 */
import { sipLimits } from '@callgate/shared/limits.ts';
import { parse } from 'sip';
import { isToken, readDigits } from './characters.ts';
import { type Fault, type GatedMessage, gate, type HeaderField } from './gate.ts';
import { HeaderFields } from './header-fields.ts';
import { plainNames } from './header-names.ts';
import type { CSeq, SipMessage } from './message.ts';
import { type NameAddr, readNameAddr, splitList } from './name-addr.ts';
import type { StartLine } from './start-line.ts';
import { readVia } from './via.ts';

/** A message that cannot be used, with what may be salvaged of it for an answer. */
export interface Unreadable {
  readonly kind: 'unreadable';
  readonly fault: Fault;
  readonly method: string | null;
  readonly fields: readonly HeaderField[];
}

export type Reading =
  | { readonly kind: 'message'; readonly message: SipMessage }
  | { readonly kind: 'keep-alive' }
  | Unreadable;

/** Reads one datagram, or one message cut out of a stream. */
export function readMessage(bytes: Buffer): Reading {
  const verdict = gate(bytes);
  if (verdict.kind === 'keep-alive') return verdict;
  if (verdict.kind === 'refused') {
    const { fault, method, fields } = verdict;
    return { kind: 'unreadable', fault, method, fields };
  }
  const { start, fields } = verdict.message;
  const read = readGated(verdict.message);
  if ('rule' in read) {
    const method = start.kind === 'request' ? start.method : null;
    return { kind: 'unreadable', fault: read, method, fields };
  }
  return { kind: 'message', message: read };
}

function readGated({ start, fields: list, body }: GatedMessage): SipMessage | Fault {
  const fields = new HeaderFields(list);
  const plain = readPlain(start, fields);
  const callId = plain?.get('call-id') ?? '';
  if (plain === null) return fault('start-line', 'the start line is not understood');
  if (callId === '' || callId.includes(' '))
    return fault('call-id', 'Call-ID is missing or no word');

  const viaTexts = fields.all('via').flatMap((value) => splitList(value) ?? ['']);
  const via = readVia(viaTexts[0] ?? '');
  if (via === null || viaTexts.includes('')) return fault('via', 'Via is missing or no Via');
  const from = readNameAddr(fields.first('from') ?? '');
  if (from === null) return fault('from', 'From is missing or no address');
  const to = readNameAddr(fields.first('to') ?? '');
  if (to === null) return fault('to', 'To is missing or no address');
  const cseq = readCSeq(fields.first('cseq') ?? '');
  if (cseq === null) return fault('cseq', 'CSeq is missing or no number and method');

  const parts = {
    fields,
    via,
    viaTexts,
    from,
    to,
    fromTag: tagOf(from),
    toTag: tagOf(to),
    callId,
    cseq,
    plain,
    body,
  };
  if (start.kind === 'response') {
    return { kind: 'response', status: start.status, reason: start.reason, ...parts };
  }
  if (cseq.method !== start.method) return fault('cseq', 'CSeq names another method');
  const maxForwardsText = plain.get('max-forwards');
  const maxForwards = maxForwardsText === undefined ? null : readDigits(maxForwardsText, 4);
  if (maxForwardsText !== undefined && (maxForwards === null || maxForwards > 255)) {
    return fault('max-forwards', 'Max-Forwards is no number from 0 to 255');
  }
  return { kind: 'request', method: start.method, uri: start.uri, maxForwards, ...parts };
}

/** The package's part. It sees no name and no value that it reads by a costly or unsound expression; null when it reads nothing. */
function readPlain(start: StartLine, fields: HeaderFields): Map<string, string> | null {
  // Its own reading of the start line must agree in kind; a method with escapes is the one thing it would change.
  const method = start.kind === 'request' ? start.method.replaceAll('%', '_') : '';
  let text =
    start.kind === 'request'
      ? `${method} ${start.uri} SIP/${start.version}\r\n`
      : `SIP/${start.version} ${start.status} \r\n`;
  for (const { key, value } of fields) {
    if (plainNames.has(key)) text += `${key}: ${value}\r\n`;
  }
  const parsed = parse(`${text}\r\n`);
  if (parsed === undefined) return null;
  if (start.kind === 'request' ? parsed.uri !== start.uri : parsed.status !== start.status) {
    return null;
  }
  const plain = new Map<string, string>();
  for (const [key, value] of Object.entries(parsed.headers)) {
    if (typeof value === 'string') plain.set(key, value);
  }
  return plain;
}

/** `314159 INVITE`. RFC 3261 §20.16. */
function readCSeq(text: string): CSeq | null {
  const space = text.indexOf(' ');
  const number = readDigits(text.slice(0, Math.max(0, space)), 10);
  const method = text.slice(space + 1);
  if (number === null || number > sipLimits.cseqMax || !isToken(method)) return null;
  return { number, method };
}

/** Empty without a tag, as RFC 2543 phones send it. */
function tagOf(address: NameAddr): string {
  return address.parameters.get('tag') ?? '';
}

function fault(rule: string, detail: string): Fault {
  return { rule, detail, status: 400 };
}
