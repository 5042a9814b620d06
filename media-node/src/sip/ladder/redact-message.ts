/**
 * A SIP message as it may be shown: by what is known to be harmless, not by what is known to be secret. Numbers are masked as in the log, names are left out,
 * of credentials and challenges the realm and the algorithm remain; headers that are not on the list are named with their length, and so is every line of SDP and
 * every body that is not understood. Pure; never throws, whatever a caller has sent.
 */
import { maskNumber, maskNumbersIn } from '@callgate/shared/sip/mask-number.ts';
import { longName } from '../wire/header-names.ts';
import { redactSdp } from './redact-sdp.ts';

export interface ShownMessage {
  /** Start line, masked. */
  readonly start: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** Lines. */
  readonly body: readonly string[];
}

/** Shown as they are: nothing of a person or a password can stand in them. */
const asWritten = new Set([
  'via',
  'call-id',
  'cseq',
  'max-forwards',
  'allow',
  'supported',
  'require',
  'unsupported',
  'proxy-require',
  'session-expires',
  'min-se',
  'retry-after',
  'content-type',
  'content-length',
  'content-disposition',
  'content-encoding',
  'accept',
  'accept-encoding',
  'accept-language',
  'expires',
  'min-expires',
  'rseq',
  'rack',
  'event',
  'allow-events',
  'subscription-state',
  'timestamp',
  'date',
  'privacy',
]);
/** Free text of programs, in which a number may stand. */
const sentences = new Set([
  'reason',
  'warning',
  'user-agent',
  'server',
  'subject',
  'organization',
  'error-info',
]);
const addresses = new Set([
  'from',
  'to',
  'contact',
  'route',
  'record-route',
  'path',
  'reply-to',
  'refer-to',
  'referred-by',
  'diversion',
  'history-info',
  'p-asserted-identity',
  'p-preferred-identity',
  'remote-party-id',
  'p-called-party-id',
]);
const credentials = new Set([
  'authorization',
  'proxy-authorization',
  'www-authenticate',
  'proxy-authenticate',
]);
/** Parameters of credentials and challenges that say what went wrong and open nothing. */
const shownParameters = new Set(['realm', 'algorithm', 'qop', 'stale', 'nc']);

/** @param bytes a message from the wire, perhaps cut short */
export function redactMessage(bytes: Buffer): ShownMessage {
  const text = bytes.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  const [start = '', ...lines] = (end < 0 ? text : text.slice(0, end))
    .replace(/^(\r\n)+/, '')
    .split('\r\n');
  const headers = unfolded(lines).map(redactHeader);
  const type = headers.find(({ name }) => name.toLowerCase() === 'content-type')?.value ?? '';
  const body = end < 0 ? '' : text.slice(end + 4);
  return { start: printable(maskAddresses(start)), headers, body: redactBody(type, body) };
}

/** A line that begins with a blank goes on with the one before. RFC 3261 §7.3.1. */
function unfolded(lines: readonly string[]): readonly string[] {
  const whole: string[] = [];
  for (const line of lines) {
    if (/^[ \t]/.test(line) && whole.length > 0) whole.push(`${whole.pop() ?? ''} ${line.trim()}`);
    else whole.push(line);
  }
  return whole;
}

function redactHeader(line: string): { readonly name: string; readonly value: string } {
  const colon = line.indexOf(':');
  if (colon <= 0) return { name: '?', value: lengthOf(line) };
  const name = longName(line.slice(0, colon).trim());
  const value = line.slice(colon + 1).trim();
  return { name: printable(name), value: printable(redactValue(name.toLowerCase(), value)) };
}

function redactValue(key: string, value: string): string {
  if (asWritten.has(key)) return value;
  if (sentences.has(key)) return maskNumbersIn(value);
  if (addresses.has(key)) return maskAddresses(withoutNames(value));
  if (credentials.has(key)) return redactCredentials(value);
  return lengthOf(value);
}

/** `"Ada" <sip:…>` becomes `"…" <sip:…>`, and so does a name without quotes. */
function withoutNames(value: string): string {
  return value
    .replace(/"(?:[^"\\]|\\.)*"?/g, '"…"')
    .replace(/(^|,)([^",<>]*[^\s",<>])\s*</g, (whole, before: string, name: string) =>
      name.includes(':') ? whole : `${before} "…" <`,
    )
    .trim();
}

/** User parts of SIP URIs lose their password and all but four characters; so do the numbers of tel URIs. */
function maskAddresses(text: string): string {
  // Each match takes its whole run of characters, so that the walk is one however the text is made.
  return text
    .replace(/\b(sips?:)([^@\s<>]*)(@?)/gi, (_, scheme: string, rest: string, at: string) => {
      if (at === '') return scheme + maskNumbersIn(rest);
      const [user = ''] = rest.split(/[:;]/);
      return `${scheme}${maskNumber(user)}@`;
    })
    .replace(
      /\b(tel:)([^;>\s,]*)/gi,
      (_, scheme: string, number: string) => scheme + maskNumber(number),
    );
}

function redactCredentials(value: string): string {
  const [, scheme = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(value) ?? [];
  if (scheme.toLowerCase() !== 'digest')
    return `${/^[A-Za-z]{1,16}$/.test(scheme) ? scheme : '?'} …`;
  const shown = [...rest.matchAll(/([\w-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,]*)/g)].map(
    ([, name = '', text = '']) => {
      const key = name.toLowerCase();
      if (shownParameters.has(key)) return `${name}=${text}`;
      if (key === 'username') return `${name}="${maskNumber(text.replace(/"/g, ''))}"`;
      return key === 'uri' ? `${name}=${maskAddresses(text)}` : `${name}=…`;
    },
  );
  return `${scheme} ${shown.join(', ')}`;
}

function redactBody(type: string, body: string): readonly string[] {
  if (body === '') return [];
  if (/^application\/sdp\b/i.test(type)) return redactSdp(body).map(printable);
  return [lengthOf(body)];
}

function lengthOf(text: string): string {
  return `[${text.length} characters]`;
}

/** Nothing that moves a terminal's cursor. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e…]/g, '?');
}
