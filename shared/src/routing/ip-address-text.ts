/**
 * Addresses and prefixes in words, in the form in which they are compared: IPv4-mapped addresses appear as
 * the IPv4 address that they mean, host bits of a prefix are gone, IPv6 is written as RFC 5952 §4 wants it.
 */
import type { IpAddress, IpPrefix } from './ip-address.ts';

export function addressText(address: IpAddress): string {
  return address.family === 4 ? dottedQuad(address.value) : colonHex(address.value);
}

/** A prefix of full length is written as an address. */
export function prefixText(prefix: IpPrefix): string {
  if (prefix.family === 4) {
    const value = prefix.bits === 0 ? 0 : prefix.head * 2 ** (32 - prefix.bits);
    return prefix.bits === 32 ? dottedQuad(value) : `${dottedQuad(value)}/${prefix.bits}`;
  }
  const value = prefix.head << BigInt(128 - prefix.bits);
  return prefix.bits === 128 ? colonHex(value) : `${colonHex(value)}/${prefix.bits}`;
}

function dottedQuad(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

function colonHex(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, at) =>
    ((value >> BigInt(112 - 16 * at)) & 0xffffn).toString(16),
  );
  const { start, length } = longestZeros(groups);
  if (length < 2) return groups.join(':');
  const [before, after] = [groups.slice(0, start), groups.slice(start + length)];
  return `${before.join(':')}::${after.join(':')}`;
}

/** The first of the longest runs of zero groups. */
function longestZeros(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [at, group] of groups.entries()) {
    length = group === '0' ? length + 1 : 0;
    if (length > best.length) best = { start: at - length + 1, length };
  }
  return best;
}
