/**
 * IP addresses and prefixes as numbers, so that "is this source in that network" is one shift and one
 * comparison. Strict on purpose: octets with leading zeros, brackets, ports, zones and host names do not
 * parse (RFC 4291 §2.2 for IPv6). IPv4-mapped IPv6 addresses become the IPv4 address that they mean.
 */

/** IPv4 as an unsigned 32-bit number, IPv6 as an unsigned 128-bit number. */
export type IpAddress =
  | { readonly family: 4; readonly value: number }
  | { readonly family: 6; readonly value: bigint };

/** All addresses whose first `bits` bits are `head`. Host bits of the written form are gone. */
export type IpPrefix =
  | { readonly family: 4; readonly bits: number; readonly head: number }
  | { readonly family: 6; readonly bits: number; readonly head: bigint };

/** The longest text of an IPv6 address with an IPv4 tail; longer texts are not looked at. */
const addressLengthMax = 45;
const octet = /^(0|[1-9][0-9]{0,2})$/;
const group = /^[0-9a-fA-F]{1,4}$/;
const length = /^(0|[1-9][0-9]{0,2})$/;
const mappedHead = 0xffffn;

/** Parses an IPv4 or IPv6 address; null when the text is anything else. */
export function parseIpAddress(text: string): IpAddress | null {
  const address = parseAsWritten(text);
  if (address === null || address.family === 4) return address;
  if (address.value >> 32n !== mappedHead) return address;
  return { family: 4, value: Number(address.value & 0xffff_ffffn) };
}

/**
 * Parses `address` or `address/length`; null when the text is anything else. Host bits may be set and are
 * masked away. A prefix inside `::ffff:0:0/96` becomes the IPv4 prefix that it means.
 */
export function parseIpPrefix(text: string): IpPrefix | null {
  const slash = text.indexOf('/');
  const address = parseAsWritten(slash < 0 ? text : text.slice(0, slash));
  if (address === null) return null;
  const width = address.family === 4 ? 32 : 128;
  const lengthText = slash < 0 ? String(width) : text.slice(slash + 1);
  if (!length.test(lengthText)) return null;
  const bits = Number(lengthText);
  if (bits > width) return null;
  if (address.family === 4) return { family: 4, bits, head: headOf4(address.value, bits) };
  if (address.value >> 32n === mappedHead && bits >= 96) {
    const value = Number(address.value & 0xffff_ffffn);
    return { family: 4, bits: bits - 96, head: headOf4(value, bits - 96) };
  }
  return { family: 6, bits, head: headOf6(address.value, bits) };
}

/** The first `bits` bits of an IPv4 address, as they are compared with a prefix. */
export function headOf4(value: number, bits: number): number {
  // A shift by 32 is a shift by 0 in this language.
  return bits === 0 ? 0 : value >>> (32 - bits);
}

/** The first `bits` bits of an IPv6 address, as they are compared with a prefix. */
export function headOf6(value: bigint, bits: number): bigint {
  return value >> BigInt(128 - bits);
}

/** True when the prefix holds the address. Families never hold each other. */
export function prefixHolds(prefix: IpPrefix, address: IpAddress): boolean {
  if (prefix.family === 4) {
    return address.family === 4 && headOf4(address.value, prefix.bits) === prefix.head;
  }
  return address.family === 6 && headOf6(address.value, prefix.bits) === prefix.head;
}

function parseAsWritten(text: string): IpAddress | null {
  if (text.length > addressLengthMax) return null;
  if (!text.includes(':')) {
    const value = parseDottedQuad(text);
    return value === null ? null : { family: 4, value };
  }
  const value = parseColonHex(text);
  return value === null ? null : { family: 6, value };
}

function parseDottedQuad(text: string): number | null {
  const octets = text.split('.');
  if (octets.length !== 4) return null;
  let value = 0;
  for (const part of octets) {
    if (!octet.test(part) || Number(part) > 255) return null;
    value = value * 256 + Number(part);
  }
  return value;
}

function parseColonHex(text: string): bigint | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [before = '', after] = halves;
  const head = parseGroups(before, after === undefined);
  if (head === null) return null;
  if (after === undefined) return head.length === 8 ? join(head) : null;
  const tail = parseGroups(after, true);
  // `::` stands for at least one group.
  if (tail === null || head.length + tail.length > 7) return null;
  const zeros = new Array<number>(8 - head.length - tail.length).fill(0);
  return join([...head, ...zeros, ...tail]);
}

/** Groups between colons as 16-bit numbers; only the last may be a dotted quad, and only at the end. */
function parseGroups(text: string, atEnd: boolean): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (group.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    if (!atEnd || index !== parts.length - 1) return null;
    const quad = parseDottedQuad(part);
    if (quad === null) return null;
    groups.push(quad >>> 16, quad & 0xffff);
  }
  return groups;
}

function join(groups: readonly number[]): bigint {
  return groups.reduce((value, part) => (value << 16n) | BigInt(part), 0n);
}
