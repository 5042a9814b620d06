/** Who counts as one source: an IPv4 address, or the /64 of an IPv6 address, of which anyone has all. Pure. */
import { isIPv6 } from 'node:net';

/** `2001:db8::1` and `2001:db8::2` give the same key. */
export function sourceKey(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const rest = tail === '' ? [] : tail.split(':');
    // An embedded IPv4 address takes two groups.
    const width = rest.length + (address.includes('.') ? 1 : 0);
    while (groups.length + width < 8) groups.push('0');
  }
  // What is left of IPv4 in IPv6 (::ffff:a.b.c.d) differs in its last groups only.
  if (address.includes('.')) return address;
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
