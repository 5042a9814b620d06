/** SDP as it may be shown: addresses, ports, codecs and directions; no keys, no passwords of ICE, no free text. Pure. */

/** Attributes that describe media and open nothing. */
const attributes = new Set([
  'rtpmap',
  'fmtp',
  'ptime',
  'maxptime',
  'sendrecv',
  'sendonly',
  'recvonly',
  'inactive',
  'rtcp',
  'rtcp-mux',
  'rtcp-fb',
  'setup',
  'mid',
  'group',
  'candidate',
  'silenceSupp',
  'framerate',
]);

/** Line by line; what is not known is named with its length. */
export function redactSdp(body: string): readonly string[] {
  return body
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map(redactLine);
}

function redactLine(line: string): string {
  const [, type = '', value = ''] = /^([a-z])=(.*)$/s.exec(line) ?? [];
  switch (type) {
    case 'v':
    case 'c':
    case 't':
    case 'm':
    case 'b':
      return line;
    case 'o':
      return `o=… ${value.split(' ').slice(1).join(' ')}`;
    case 'a':
      return redactAttribute(value);
    default:
      return `${type === '' ? '?' : type}=[${value.length || line.length} characters]`;
  }
}

function redactAttribute(value: string): string {
  const [, name = '', rest = ''] = /^([\w-]+)(.*)$/s.exec(value) ?? [];
  if (attributes.has(name)) return `a=${value}`;
  // RFC 4568 §9.1: a tag, a suite, and then the key.
  if (name === 'crypto') return `a=crypto${/^:\d+ \w+/.exec(rest)?.[0] ?? ''} inline:…`;
  return `a=${name === '' ? '?' : name}${rest === '' ? '' : `:[${rest.length - 1} characters]`}`;
}
