/** STUN's Binding messages (RFC 8489 §5, §14) as connectivity checks carry them (RFC 8445 §7): always with integrity, and with a fingerprint. Pure. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { crc32 } from 'node:zlib';

/** Message types of the Binding method. */
const types = { request: 0x0001, success: 0x0101 } as const;

const attribute = {
  username: 0x0006,
  messageIntegrity: 0x0008,
  xorMappedAddress: 0x0020,
  priority: 0x0024,
  useCandidate: 0x0025,
  fingerprint: 0x8028,
  iceControlled: 0x8029,
  iceControlling: 0x802a,
} as const;

const magicCookie = 0x2112a442;
const headerBytes = 20;
const integrityBytes = 20;
/** What the fingerprint is mixed with (RFC 8489 §14.7). */
const fingerprintMask = 0x5354554e;

export interface Address {
  /** Address literal. */
  readonly address: string;
  readonly port: number;
}

export interface StunMessage {
  readonly kind: keyof typeof types;
  /** Of the transaction, 12 bytes in hex. */
  readonly transaction: string;
  /** Of a request; '' when there is none. */
  readonly username: string;
  readonly useCandidate: boolean;
  /** Whether its integrity is by that password. */
  isBy(password: string): boolean;
}

/** Whether a datagram is for STUN and not for DTLS or RTP (RFC 7983 §7). */
export function isStun(bytes: Buffer): boolean {
  return (bytes[0] ?? 255) < 4;
}

/** @returns null: it is no Binding request and no success, or it is damaged, or it has no integrity */
export function readStun(bytes: Buffer): StunMessage | null {
  if (bytes.length < headerBytes || bytes.readUInt32BE(4) !== magicCookie) return null;
  if (headerBytes + bytes.readUInt16BE(2) !== bytes.length) return null;
  const type = bytes.readUInt16BE(0);
  const kind =
    type === types.request ? 'request' : type === types.success ? ('success' as const) : null;
  if (kind === null) return null;
  let username = '';
  let useCandidate = false;
  let integrityAt = -1;
  // What comes after the integrity is not covered by it and is not believed (RFC 8489 §14.5).
  for (let at = headerBytes; at + 4 <= bytes.length && integrityAt < 0; ) {
    const length = bytes.readUInt16BE(at + 2);
    const value = bytes.subarray(at + 4, at + 4 + length);
    if (value.length !== length) return null;
    switch (bytes.readUInt16BE(at)) {
      case attribute.username:
        username = value.toString('utf8');
        break;
      case attribute.useCandidate:
        useCandidate = true;
        break;
      case attribute.messageIntegrity:
        if (length !== integrityBytes) return null;
        integrityAt = at;
        break;
      default:
      // Nothing that a check depends on.
    }
    at += 4 + padded(length);
  }
  if (integrityAt < 0) return null;
  return {
    kind,
    transaction: bytes.toString('hex', 8, headerBytes),
    username,
    useCandidate,
    isBy: (password) =>
      timingSafeEqual(
        integrityOf(bytes.subarray(0, integrityAt), password),
        bytes.subarray(integrityAt + 4, integrityAt + 4 + integrityBytes),
      ),
  };
}

export interface CheckOptions {
  /** In hex, 12 bytes. */
  readonly transaction: string;
  /** `<theirs>:<ours>` (RFC 8445 §7.2.2). */
  readonly username: string;
  /** The other side's. */
  readonly password: string;
  /** That our side would have for this pair, were it found by the check (RFC 8445 §7.1.1). */
  readonly priority: number;
  /** A controlling side nominates at once. */
  readonly isControlling: boolean;
  readonly tieBreaker: bigint;
}

/** A Binding request. */
export function writeCheck(options: CheckOptions): Buffer {
  const priority = Buffer.alloc(4);
  priority.writeUInt32BE(options.priority);
  const tieBreaker = Buffer.alloc(8);
  tieBreaker.writeBigUInt64BE(options.tieBreaker);
  const { isControlling } = options;
  return seal(
    header(types.request, options.transaction),
    [
      [attribute.username, Buffer.from(options.username)],
      [attribute.priority, priority],
      [isControlling ? attribute.iceControlling : attribute.iceControlled, tieBreaker],
      ...(isControlling ? ([[attribute.useCandidate, Buffer.alloc(0)]] as const) : []),
    ],
    options.password,
  );
}

/** The success that answers a request. @param from where that came from. @param password ours */
export function writeSuccess(transaction: string, from: Address, password: string): Buffer {
  const head = header(types.success, transaction);
  return seal(head, [[attribute.xorMappedAddress, xorMapped(from, head)]], password);
}

type Attribute = readonly [type: number, value: Buffer];

function header(type: number, transaction: string): Buffer {
  const head = Buffer.alloc(headerBytes);
  head.writeUInt16BE(type, 0);
  head.writeUInt32BE(magicCookie, 4);
  head.write(transaction, 8, 'hex');
  return head;
}

function seal(head: Buffer, attributes: readonly Attribute[], password: string): Buffer {
  const open = Buffer.concat([head, ...attributes.map(encode)]);
  const signed = Buffer.concat([
    open,
    encode([attribute.messageIntegrity, integrityOf(open, password)]),
  ]);
  signed.writeUInt16BE(signed.length - headerBytes + 8, 2);
  const check = Buffer.alloc(4);
  check.writeUInt32BE((crc32(signed) ^ fingerprintMask) >>> 0);
  return Buffer.concat([signed, encode([attribute.fingerprint, check])]);
}

function encode([type, value]: Attribute): Buffer {
  const bytes = Buffer.alloc(4 + padded(value.length));
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(value.length, 2);
  value.copy(bytes, 4);
  return bytes;
}

/** HMAC-SHA1 over what comes before, with the length as if the integrity were the end (RFC 8489 §14.5). */
function integrityOf(before: Buffer, password: string): Buffer {
  const copy = Buffer.from(before);
  copy.writeUInt16BE(copy.length - headerBytes + 4 + integrityBytes, 2);
  return createHmac('sha1', password).update(copy).digest();
}

/** RFC 8489 §14.2. */
function xorMapped({ address, port }: Address, head: Buffer): Buffer {
  const raw = isIPv6(address) ? bytesOfV6(address) : Buffer.from(address.split('.').map(Number));
  const value = Buffer.alloc(4 + raw.length);
  value[1] = raw.length === 4 ? 1 : 2;
  value.writeUInt16BE(port ^ (magicCookie >>> 16), 2);
  for (const [at, byte] of raw.entries()) value[4 + at] = byte ^ (head[4 + at] ?? 0);
  return value;
}

/** 16 bytes of an IPv6 address literal. */
function bytesOfV6(address: string): Buffer {
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const groups = (text: string) =>
    text
      .split(':')
      .filter((group) => group !== '')
      .flatMap((group) =>
        group.includes('.')
          ? group.split('.').map(Number)
          : [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff],
      );
  const [first, last] = [groups(head), groups(tail ?? '')];
  const zeros = new Array<number>(Math.max(0, 16 - first.length - last.length)).fill(0);
  return Buffer.from([...first, ...zeros, ...last]);
}

function padded(length: number): number {
  return (length + 3) & ~3;
}
