/**
 * One direction of SRTP (RFC 3711; AES-GCM after RFC 7714), for RTP and RTCP. Nothing is learnt from a packet before its tag has been
 * verified: not the rollover counter, not the replay window. What fails is answered with null, counted by the caller, and ends nothing.
 *
 * A packet's index is its sequence number and how often that has rolled over, 48 bit. The sender counts; the receiver guesses from the
 * highest index so far: of the three candidates the nearest one (RFC 3711 appendix A).
 */
import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import { sequenceDistance } from './sequence.ts';
import {
  deriveKeys,
  type SessionKeys,
  type SrtpSuite,
  type SuiteShape,
  suiteShapes,
} from './srtp-keys.ts';

/** Bytes that precede the encrypted part of SRTCP: header and SSRC of the sender. */
const rtcpClearBytes = 8;
/** SRTCP index with the E bit (RFC 3711 §3.4). */
const rtcpIndexBytes = 4;
const rtcpCounterTagBytes = 10;
/** Packets behind the highest index that may still come: one word of bits. RFC 3711 §3.3.2 asks for 64 at least. */
const windowPackets = 64n;
/** Streams (SSRCs) that one key may carry: ours is one; a phone has another after each re-INVITE. */
const streamsMax = 16;

interface Stream {
  highest: bigint;
  /** Bit n: the index n below the highest has been seen. */
  seen: bigint;
}

export class Srtp {
  readonly #shape: SuiteShape;
  readonly #rtp: SessionKeys;
  readonly #rtcp: SessionKeys;
  readonly #streams = new Map<number, Stream>();
  readonly #rtcpStreams = new Map<number, Stream>();
  #rtcpIndex = 0;

  /** @param master key and salt of this direction @throws RangeError when they do not fit the suite */
  constructor(suite: SrtpSuite, master: Uint8Array) {
    this.#shape = suiteShapes[suite];
    this.#rtp = deriveKeys(suite, master, 'rtp');
    this.#rtcp = deriveKeys(suite, master, 'rtcp');
  }

  /** Encrypts an RTP packet of ours, which must be well formed. */
  protect(packet: Buffer): Buffer {
    const start = payloadStart(packet) ?? packet.length;
    const ssrc = packet.readUInt32BE(8);
    const index = this.#guess(ssrc, packet.readUInt16BE(2));
    this.#learn(this.#streams, ssrc, index);
    const clear = packet.subarray(0, start);
    const iv = this.#iv(this.#rtp, ssrc, index);
    if (this.#shape.kind === 'gcm') return this.#seal(this.#rtp, iv, clear, packet.subarray(start));
    const body = Buffer.concat([clear, this.#counter(this.#rtp, iv, packet.subarray(start))]);
    return Buffer.concat([body, this.#tag(this.#rtp, body, rollover(index), this.#shape.tagBytes)]);
  }

  /** Decrypts an RTP packet; null: it is none, its tag is wrong, or it has come before. */
  unprotect(packet: Buffer): Buffer | null {
    const start = payloadStart(packet);
    const end = packet.length - this.#shape.tagBytes;
    if (start === null || end < start) return null;
    const ssrc = packet.readUInt32BE(8);
    const index = this.#guess(ssrc, packet.readUInt16BE(2));
    if (isReplay(this.#streams.get(ssrc), index)) return null;
    const iv = this.#iv(this.#rtp, ssrc, index);
    const clear = packet.subarray(0, start);
    let payload: Buffer | null;
    if (this.#shape.kind === 'gcm')
      payload = this.#open(this.#rtp, iv, clear, packet.subarray(start));
    else {
      const tag = this.#tag(
        this.#rtp,
        packet.subarray(0, end),
        rollover(index),
        this.#shape.tagBytes,
      );
      if (!timingSafeEqual(tag, packet.subarray(end))) return null;
      payload = this.#counter(this.#rtp, iv, packet.subarray(start, end));
    }
    if (payload === null) return null;
    this.#learn(this.#streams, ssrc, index);
    return Buffer.concat([clear, payload]);
  }

  /** Encrypts an RTCP compound packet of ours (RFC 3711 §3.4). */
  protectRtcp(packet: Buffer): Buffer {
    this.#rtcpIndex = (this.#rtcpIndex + 1) & 0x7fff_ffff;
    const trailer = Buffer.alloc(rtcpIndexBytes);
    trailer.writeUInt32BE((0x8000_0000 | this.#rtcpIndex) >>> 0);
    const clear = packet.subarray(0, rtcpClearBytes);
    const secret = packet.subarray(rtcpClearBytes);
    const iv = this.#iv(this.#rtcp, packet.readUInt32BE(4), BigInt(this.#rtcpIndex));
    if (this.#shape.kind === 'gcm') {
      const sealed = this.#seal(this.#rtcp, iv, Buffer.concat([clear, trailer]), secret);
      return Buffer.concat([clear, sealed.subarray(rtcpClearBytes + rtcpIndexBytes), trailer]);
    }
    const body = Buffer.concat([clear, this.#counter(this.#rtcp, iv, secret), trailer]);
    return Buffer.concat([body, this.#tag(this.#rtcp, body, null, rtcpCounterTagBytes)]);
  }

  /** Decrypts an RTCP packet; null as with `unprotect`, or when its sender left it in the clear. */
  unprotectRtcp(packet: Buffer): Buffer | null {
    const isGcm = this.#shape.kind === 'gcm';
    const tagBytes = isGcm ? this.#shape.tagBytes : rtcpCounterTagBytes;
    if (packet.length < rtcpClearBytes + rtcpIndexBytes + tagBytes) return null;
    const trailerAt = isGcm
      ? packet.length - rtcpIndexBytes
      : packet.length - tagBytes - rtcpIndexBytes;
    const trailer = packet.subarray(trailerAt, trailerAt + rtcpIndexBytes);
    const indexWord = trailer.readUInt32BE(0);
    if (indexWord < 0x8000_0000) return null;
    const index = BigInt(indexWord & 0x7fff_ffff);
    const ssrc = packet.readUInt32BE(4);
    if (isReplay(this.#rtcpStreams.get(ssrc), index)) return null;
    const iv = this.#iv(this.#rtcp, ssrc, index);
    const clear = packet.subarray(0, rtcpClearBytes);
    const secret = packet.subarray(rtcpClearBytes, trailerAt);
    let payload: Buffer | null;
    if (isGcm) payload = this.#open(this.#rtcp, iv, Buffer.concat([clear, trailer]), secret);
    else {
      const body = packet.subarray(0, trailerAt + rtcpIndexBytes);
      const tag = this.#tag(this.#rtcp, body, null, tagBytes);
      if (!timingSafeEqual(tag, packet.subarray(trailerAt + rtcpIndexBytes))) return null;
      payload = this.#counter(this.#rtcp, iv, secret);
    }
    if (payload === null) return null;
    this.#learn(this.#rtcpStreams, ssrc, index);
    return Buffer.concat([clear, payload]);
  }

  #guess(ssrc: number, sequence: number): bigint {
    const highest = this.#streams.get(ssrc)?.highest;
    if (highest === undefined) return BigInt(sequence);
    const index = highest + BigInt(sequenceDistance(Number(highest & 0xffffn), sequence));
    return index < 0n ? BigInt(sequence) : index;
  }

  #learn(streams: Map<number, Stream>, ssrc: number, index: bigint): void {
    const stream = streams.get(ssrc);
    if (stream === undefined) {
      const [oldest] = streams.keys();
      if (streams.size >= streamsMax && oldest !== undefined) streams.delete(oldest);
      streams.set(ssrc, { highest: index, seen: 1n });
    } else if (index > stream.highest) {
      const ahead = index - stream.highest;
      stream.seen = ahead >= windowPackets ? 1n : BigInt.asUintN(64, stream.seen << ahead) | 1n;
      stream.highest = index;
    } else stream.seen |= 1n << (stream.highest - index);
  }

  /** RFC 3711 §4.1.1 and RFC 7714 §8.1: the salt with SSRC and index in it. */
  #iv(keys: SessionKeys, ssrc: number, index: bigint): Buffer {
    const isGcm = this.#shape.kind === 'gcm';
    const iv = Buffer.alloc(isGcm ? 12 : 16);
    iv.set(keys.salt);
    const ssrcAt = isGcm ? 2 : 4;
    iv.writeUInt32BE((iv.readUInt32BE(ssrcAt) ^ ssrc) >>> 0, ssrcAt);
    const high = Number(index >> 32n);
    const low = Number(index & 0xffff_ffffn);
    const indexAt = ssrcAt + 4;
    iv.writeUInt16BE(iv.readUInt16BE(indexAt) ^ high, indexAt);
    iv.writeUInt32BE((iv.readUInt32BE(indexAt + 2) ^ low) >>> 0, indexAt + 2);
    return iv;
  }

  #counter(keys: SessionKeys, iv: Buffer, bytes: Buffer): Buffer {
    return createCipheriv('aes-128-ctr', keys.cipher, iv).update(bytes);
  }

  /** HMAC-SHA1 over the packet and, with RTP, the rollover counter, cut to the tag's length. */
  #tag(keys: SessionKeys, body: Buffer, roc: Buffer | null, bytes: number): Buffer {
    const hmac = createHmac('sha1', keys.authentication).update(body);
    if (roc !== null) hmac.update(roc);
    return hmac.digest().subarray(0, bytes);
  }

  /** @returns the associated data, the ciphertext and its tag, one after the other */
  #seal(keys: SessionKeys, iv: Buffer, associated: Buffer, secret: Buffer): Buffer {
    const cipher = createCipheriv(gcm(keys), keys.cipher, iv).setAAD(associated);
    return Buffer.concat([associated, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
  }

  #open(keys: SessionKeys, iv: Buffer, associated: Buffer, sealed: Buffer): Buffer | null {
    const end = sealed.length - this.#shape.tagBytes;
    const decipher = createDecipheriv(gcm(keys), keys.cipher, iv)
      .setAAD(associated)
      .setAuthTag(sealed.subarray(end));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(0, end)), decipher.final()]);
    } catch {
      // The tag is wrong; which byte it was nobody needs to know.
      return null;
    }
  }
}

function gcm(keys: SessionKeys): 'aes-128-gcm' | 'aes-256-gcm' {
  return keys.cipher.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm';
}

function rollover(index: bigint): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(Number((index >> 16n) & 0xffff_ffffn));
  return bytes;
}

function isReplay(stream: Stream | undefined, index: bigint): boolean {
  if (stream === undefined || index > stream.highest) return false;
  const behind = stream.highest - index;
  return behind >= windowPackets || (stream.seen & (1n << behind)) !== 0n;
}

/** Where the encrypted part of an RTP packet begins: behind CSRCs and header extension; null: it is no RTP packet. */
function payloadStart(packet: Buffer): number | null {
  if (packet.length < 12 || packet.readUInt8(0) >> 6 !== 2) return null;
  const first = packet.readUInt8(0);
  const start = 12 + 4 * (first & 0x0f);
  if ((first & 0x10) === 0) return start <= packet.length ? start : null;
  if (start + 4 > packet.length) return null;
  const end = start + 4 + 4 * packet.readUInt16BE(start + 2);
  return end <= packet.length ? end : null;
}
