/** Names of header fields: their compact forms, which may stand once only, and which the package reads for us. */

/** Compact forms, RFC 3261 §7.3.3 and the IANA registry of SIP header fields. */
const longNames: ReadonlyMap<string, string> = new Map([
  ['a', 'Accept-Contact'],
  ['b', 'Referred-By'],
  ['c', 'Content-Type'],
  ['d', 'Request-Disposition'],
  ['e', 'Content-Encoding'],
  ['f', 'From'],
  ['i', 'Call-ID'],
  ['j', 'Reject-Contact'],
  ['k', 'Supported'],
  ['l', 'Content-Length'],
  ['m', 'Contact'],
  ['n', 'Identity-Info'],
  ['o', 'Event'],
  ['r', 'Refer-To'],
  ['s', 'Subject'],
  ['t', 'To'],
  ['u', 'Allow-Events'],
  ['v', 'Via'],
  ['x', 'Session-Expires'],
  ['y', 'Identity'],
]);

/** `m` becomes `Contact`; a long name stays as written. */
export function longName(name: string): string {
  return name.length === 1 ? (longNames.get(name.toLowerCase()) ?? name) : name;
}

/** Lower-case names of headers that two of would leave two readings. RFC 3261 §7.3.1. */
export const singleValued: ReadonlySet<string> = new Set([
  'call-id',
  'content-disposition',
  'content-encoding',
  'content-length',
  'content-type',
  'cseq',
  'event',
  'expires',
  'from',
  'max-forwards',
  'min-expires',
  'min-se',
  'rack',
  'refer-to',
  'referred-by',
  'replaces',
  'retry-after',
  'rseq',
  'session-expires',
  'subscription-state',
  'to',
]);

/**
 * Lower-case names of headers whose value is plain text or a comma list to us: these the package reads. Via, addresses, routes and
 * CSeq it would misread (reasons in read-message.ts).
 */
export const plainNames: ReadonlySet<string> = new Set([
  'accept',
  'allow',
  'call-id',
  'content-disposition',
  'content-encoding',
  'content-type',
  'event',
  'expires',
  'max-forwards',
  'min-se',
  'proxy-require',
  'rack',
  'reason',
  'require',
  'retry-after',
  'rseq',
  'session-expires',
  'subscription-state',
  'supported',
  'unsupported',
]);
