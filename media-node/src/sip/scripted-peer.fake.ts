/**
 * A caller for tests that does exactly what a test says: it writes requests as text, with what a test wants changed in them, and reads
 * answers by their lines. It keeps no state beyond the To tag it has seen.
 */
import type { HostPort } from './transport/transport.ts';

export const peerAddress: HostPort = { address: '192.0.2.7', port: 5070 };

export const offer = [
  'v=0',
  'o=- 1 1 IN IP4 192.0.2.7',
  's=-',
  'c=IN IP4 192.0.2.7',
  't=0 0',
  'm=audio 4000 RTP/AVP 0',
  '',
].join('\r\n');

export interface RequestOptions {
  readonly method?: string;
  readonly uri?: string;
  readonly branch?: string;
  readonly number?: number;
  readonly callId?: string;
  readonly fromTag?: string;
  readonly toTag?: string;
  /** Header lines in place of those with the same name, or beside the others; an empty value removes one. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Text of a request as a sound client writes it. */
export function requestText(options: RequestOptions = {}): string {
  const { method = 'INVITE', number = 1, body = method === 'INVITE' ? offer : '' } = options;
  const { uri = 'sip:+15550100@192.0.2.1', callId = 'call-1', fromTag = 'a1', toTag } = options;
  const { branch = `z9hG4bK-${method}-${number}`, headers = {} } = options;
  const { address, port } = peerAddress;
  const lines = new Map([
    ['Via', `SIP/2.0/UDP ${address}:${port};branch=${branch}`],
    ['Max-Forwards', '70'],
    ['From', `"Ann" <sip:+15550199@${address}>;tag=${fromTag}`],
    ['To', `<sip:+15550100@192.0.2.1>${toTag === undefined ? '' : `;tag=${toTag}`}`],
    ['Call-ID', callId],
    ['CSeq', `${number} ${method}`],
    ['Contact', `<sip:ann@${address}:${port}>`],
    ...(body === '' ? [] : [['Content-Type', 'application/sdp'] as const]),
    ['Content-Length', String(Buffer.byteLength(body, 'latin1'))],
    ...Object.entries(headers),
  ]);
  const text = [...lines]
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${uri} SIP/2.0`, ...text, '', body].join('\r\n');
}

/** Text of an answer to a request of the endpoint's. */
export function responseText(request: string, status: number, phrase = 'OK', headers = ''): string {
  const lines = request.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
  return [`SIP/2.0 ${status} ${phrase}`, ...lines, `${headers}Content-Length: 0`, '', ''].join(
    '\r\n',
  );
}

/** First line of a message, without the version of a request. */
export function firstLine(text: string): string {
  return text.slice(0, text.indexOf('\r\n')).replace(/^SIP\/2\.0 | SIP\/2\.0$/, '');
}

/** Values of a header in a message. */
export function headerOf(text: string, name: string): string[] {
  const head = text.slice(0, text.indexOf('\r\n\r\n'));
  return head
    .split('\r\n')
    .filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
    .map((line) => line.slice(name.length + 1).trim());
}

/** The To tag that an answer carries. */
export function toTagOf(text: string): string {
  return /;tag=([^;]+)/.exec(headerOf(text, 'To')[0] ?? '')?.[1] ?? '';
}
