/**
 * What scanners send and phones do not. By what the message is, and by the name its sender gives itself: the first rules hold when the
 * name is changed. Who is found out hears nothing, so that a sweep of the internet finds no SIP here. Pure.
 */
import type { SipRequest } from '../wire/message.ts';

/** Names in User-Agent or in the display name of From, in lower case. */
const names = [
  'friendly-scanner',
  'friendly-request',
  'sipvicious',
  'sip-scan',
  'sipcli',
  'sipptk',
  'sundayddr',
  'iwar',
  'vaxsipuseragent',
  'pplsip',
  'smap',
  'siparmyknife',
  'gulp',
] as const;

const injection = /' ?(?:or|and|union|;|--)|<[a-z/]/i;

/** The rule by which a request is a scanner's; null for the rest of the world. */
export function scannerRule(request: SipRequest): string | null {
  const { from, to, via, fields } = request;
  const agent = (fields.first('user-agent') ?? '').toLowerCase();
  const caller = from.displayName.toLowerCase();
  if (names.some((name) => agent.includes(name) || caller.includes(name))) return 'scanner-name';
  // Sweeps are made without a host of their own: they call from the address of a public resolver, or from nowhere.
  if (from.uri.host === '1.1.1.1' || from.uri.host === '0.0.0.0') return 'scanner-from';
  if (via.host === '0.0.0.0') return 'scanner-via';
  // A user that is an injection for somebody's database or page; an apostrophe alone is a name.
  if (injection.test(to.uri.user) || injection.test(from.uri.user)) return 'scanner-user';
  return null;
}
