/** Hosts in SIP text: names, IPv4 and bracketed IPv6 (RFC 3261 §25.1, RFC 5118 §4). */
import { isIPv6 } from 'node:net';

/** `[2001:DB8:0::1]` gives `2001:db8::1`, `Example.COM` gives `example.com`; null for what is no host. */
export function readHost(text: string): string | null {
  if (text.startsWith('[')) {
    const address = text.slice(1, -1);
    return text.endsWith(']') && isIPv6(address) && !address.includes('%')
      ? shortestIPv6(address)
      : null;
  }
  return /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253})$/.test(text) ? text.toLowerCase() : null;
}

/**
 * The form in which the kernel names an address (RFC 5952), so that two are the same when their texts are. One with IPv4 in its tail stays as it is but
 * for its case. @param address an IPv6 literal without brackets and zone
 */
export function shortestIPv6(address: string): string {
  if (address.includes('.')) return address.toLowerCase();
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** An address or name as SIP writes it: IPv6 in brackets. */
export function writeHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
