/**
 * The header that a load balancer puts in front of a connection to say whose it is: the PROXY protocol, versions 1 (text) and 2 (binary).
 * Read strictly and only from balancers that the configuration names; anybody else's would let a stranger choose his address. Pure.
 *
 *   v1  PROXY TCP4 203.0.113.7 192.0.2.1 40000 5060 CR LF
 *   v2  12 bytes of signature | version, command | family, protocol | length (16 bits) | addresses | more, skipped
 */
import { isIPv4, isIPv6 } from 'node:net';
import { sipLimits } from '@callgate/shared/limits.ts';
import { readPort } from '../wire/characters.ts';
import { shortestIPv6 } from '../wire/host.ts';
import type { HostPort } from './transport.ts';

export type ProxyHeader =
  /** More bytes have to come. */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'broken'; readonly why: string }
  /** `source` null: the balancer speaks for itself (a health check) or does not know. */
  | { readonly kind: 'read'; readonly source: HostPort | null; readonly bytes: number };

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const textStart = Buffer.from('PROXY ', 'latin1');
/** The longest header of version 1, with its CR LF. */
const textBytesMax = 107;

/** Reads the header at the start of a connection. @param bytes all that has come so far */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (startsAlike(bytes, signature)) return readBinary(bytes);
  if (startsAlike(bytes, textStart)) return readText(bytes);
  return broken('the connection does not begin with a PROXY header');
}

function readText(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, textBytesMax).indexOf('\r\n');
  if (end < 0) {
    return bytes.length >= textBytesMax
      ? broken(`the PROXY line is longer than ${textBytesMax} bytes`)
      : { kind: 'incomplete' };
  }
  const [, family, address = '', target = '', port = '', targetPort = '', ...rest] = bytes
    .toString('latin1', 0, end)
    .split(' ');
  if (family === 'UNKNOWN') return { kind: 'read', source: null, bytes: end + 2 };
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isPlainIPv6 : () => false;
  const sourcePort = readPort(port);
  const isSound = isAddress(address) && isAddress(target) && readPort(targetPort) !== null;
  if (!isSound || sourcePort === null || rest.length > 0) {
    return broken('the PROXY line is malformed');
  }
  const source = { address: family === 'TCP6' ? plainAddress(address) : address, port: sourcePort };
  return { kind: 'read', source, bytes: end + 2 };
}

function readBinary(bytes: Buffer): ProxyHeader {
  if (bytes.length < 16) return { kind: 'incomplete' };
  const [command, family, length] = [
    bytes.readUInt8(12),
    bytes.readUInt8(13),
    bytes.readUInt16BE(14),
  ];
  if (command !== 0x20 && command !== 0x21)
    return broken('the PROXY version or command is unknown');
  if (16 + length > sipLimits.proxyHeaderBytesMax) {
    return broken(
      `the PROXY header would be ${16 + length} bytes, limit ${sipLimits.proxyHeaderBytesMax}`,
    );
  }
  if (bytes.length < 16 + length) return { kind: 'incomplete' };
  const addresses = bytes.subarray(16, 16 + length);
  const read = (source: HostPort | null): ProxyHeader => ({
    kind: 'read',
    source,
    bytes: 16 + length,
  });
  if (command === 0x20 || family === 0x00) return read(null);
  const named = (address: string, port: number) =>
    port === 0 ? broken('the PROXY header names port 0') : read({ address, port });
  if (family === 0x11 && length >= 12) {
    return named(addresses.subarray(0, 4).join('.'), addresses.readUInt16BE(8));
  }
  if (family === 0x21 && length >= 36) {
    return named(ipv6Text(addresses), addresses.readUInt16BE(32));
  }
  return broken('the PROXY header names no TCP connection over IPv4 or IPv6');
}

/** Of a peer somewhere else: a zone means nothing here. */
function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

/** As the kernel names it for other connections; an IPv4 address in IPv6's clothes is written as the former. */
function plainAddress(text: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1];
  return mapped ?? shortestIPv6(text);
}

/** Eight groups; an IPv4 address in IPv6's clothes is written as the former. */
function ipv6Text(bytes: Buffer): string {
  const isMapped = bytes.subarray(0, 12).equals(Buffer.from('00000000000000000000ffff', 'hex'));
  if (isMapped) return bytes.subarray(12, 16).join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    bytes.readUInt16BE(2 * index).toString(16),
  );
  return shortestIPv6(groups.join(':'));
}

/** True while the bytes may still become one that starts so. */
function startsAlike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.subarray(0, length).equals(start.subarray(0, length));
}

function broken(why: string): ProxyHeader {
  return { kind: 'broken', why };
}
