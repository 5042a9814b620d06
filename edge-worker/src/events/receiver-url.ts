/**
 * Where webhooks may be sent: https to a public host. What stands in a URL is checked here; what a host name resolves to is Cloudflare's: a Worker reaches the public internet only.
 * Redirects are never followed, so an answer cannot lead elsewhere. Pure.
 */
import { holdsAddress, parseAddressList } from '@callgate/shared/routing/address-list.ts';
import { parseIpAddress } from '@callgate/shared/routing/ip-address.ts';

/** Not globally reachable (IANA special-purpose registries, RFC 6890), multicast included. */
const notPublic = parseAddressList([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
]);

const loopback = parseAddressList(['127.0.0.0/8', '::1/128']);
/** Names of networks that are not the internet (RFC 6761, RFC 6762, RFC 8375, RFC 9476). */
const localName =
  /(^|\.)(localhost|local|internal|intranet|lan|home\.arpa|test|example|invalid|alt|onion)\.?$/;

/** What is wrong with the URL of a receiver; null: nothing. @param allowLoopback for development: http and https to this machine */
export function receiverUrlFault(text: string, allowLoopback: boolean): string | null {
  if (!URL.canParse(text)) return 'expected a URL';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'expected no user or password in the URL';
  if (url.hash !== '') return 'expected no fragment in the URL';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const address = parseIpAddress(host);
  const isLoopback = host === 'localhost' || (address !== null && holdsAddress(loopback, address));
  if (allowLoopback && isLoopback && /^https?:$/.test(url.protocol)) return null;
  if (url.protocol !== 'https:') return 'expected https';
  if (address !== null)
    return holdsAddress(notPublic, address) ? 'expected a public address' : null;
  if (!host.includes('.') || localName.test(host)) return 'expected a public host name';
  return null;
}
