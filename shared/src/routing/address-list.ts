/**
 * `allowed_addresses` of a trunk: which sources it takes. Entries are parsed once. An empty list takes
 * everybody; a list in which nothing parses takes nobody (LiveKit: everybody), for a typing error must not
 * open a trunk. The From host is never compared: the caller chooses it.
 */
import { type IpAddress, type IpPrefix, parseIpPrefix, prefixHolds } from './ip-address.ts';

/** A parsed list. `everybody` is true for the empty list only. */
export interface AddressList {
  readonly everybody: boolean;
  readonly prefixes: readonly IpPrefix[];
  /** Entries that did not parse, as written. They never match. */
  readonly invalid: readonly string[];
}

const everybody: AddressList = { everybody: true, prefixes: [], invalid: [] };

/** Parses `allowed_addresses`: IPv4, IPv6, or either with a prefix length. */
export function parseAddressList(entries: readonly string[]): AddressList {
  if (entries.length === 0) return everybody;
  const prefixes: IpPrefix[] = [];
  const invalid: string[] = [];
  for (const entry of entries) {
    const prefix = parseIpPrefix(entry);
    if (prefix === null) invalid.push(entry);
    else prefixes.push(prefix);
  }
  return { everybody: false, prefixes, invalid };
}

/** True when the list lets this source in; a source that is no address (null) is let in by the empty list only. */
export function holdsAddress(list: AddressList, source: IpAddress | null): boolean {
  if (list.everybody) return true;
  return source !== null && list.prefixes.some((prefix) => prefixHolds(prefix, source));
}
