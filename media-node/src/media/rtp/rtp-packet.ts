/**
 * One RTP packet (RFC 3550 §5.1, header extension §5.3.1), read in place and written into a buffer of the caller's. Nothing is
 * copied and nothing throws: a packet that breaks the format is answered with the name of its fault, and the caller counts it.
 */
import { mediaLimits } from '@callgate/shared/limits.ts';

/** What can be wrong with a datagram that should be RTP. */
export type RtpFault =
  | 'too-short'
  | 'too-long'
  | 'wrong-version'
  | 'rtcp'
  | 'csrc-past-end'
  | 'extension-past-end'
  | 'padding-past-end';

/** Fixed part of every header. */
export const rtpHeaderBytes = 12;

/**
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                           timestamp                           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |           synchronization source (SSRC) identifier            |
 * +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 * |         CSRC identifiers (CC times), extension (if X)         |
 *
 * A view that is read again for each packet; its fields hold the last packet that had no fault.
 */
export class RtpPacket {
  marker = false;
  payloadType = 0;
  /** 16 bit, wraps. */
  sequence = 0;
  /** 32 bit, wraps, in ticks of the payload type's clock. */
  timestamp = 0;
  ssrc = 0;
  /** The payload without padding; a view of the datagram, valid as long as that is. */
  payload: Uint8Array = new Uint8Array(0);

  /** Reads a datagram into this view. Null: it is RTP; else what is wrong, and the view is as it was. */
  read(bytes: Buffer): RtpFault | null {
    const { length } = bytes;
    if (length < rtpHeaderBytes) return 'too-short';
    if (length > mediaLimits.rtpPacketBytesMax) return 'too-long';
    const first = bytes.readUInt8(0);
    if (first >> 6 !== 2) return 'wrong-version';
    if (isRtcp(bytes)) return 'rtcp';
    let start = rtpHeaderBytes + 4 * (first & 0x0f);
    if (start > length) return 'csrc-past-end';
    if ((first & 0x10) !== 0) {
      if (start + 4 > length) return 'extension-past-end';
      start += 4 + 4 * bytes.readUInt16BE(start + 2);
      if (start > length) return 'extension-past-end';
    }
    let end = length;
    if ((first & 0x20) !== 0) {
      // The last byte counts the padding, itself included. RFC 3550 §5.1.
      const padding = bytes.readUInt8(length - 1);
      if (padding === 0 || start + padding > length) return 'padding-past-end';
      end -= padding;
    }
    const second = bytes.readUInt8(1);
    this.marker = (second & 0x80) !== 0;
    this.payloadType = second & 0x7f;
    this.sequence = bytes.readUInt16BE(2);
    this.timestamp = bytes.readUInt32BE(4);
    this.ssrc = bytes.readUInt32BE(8);
    this.payload = bytes.subarray(start, end);
    return null;
  }
}

/** True for RTCP on a port shared with RTP: packet types 192 to 223. RFC 5761 §4. */
export function isRtcp(bytes: Uint8Array): boolean {
  const second = bytes[1] ?? 0;
  return second >= 192 && second <= 223;
}

/** What a header says; `sequence` and `timestamp` are cut to their width when written. */
export interface RtpHeader {
  readonly marker: boolean;
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
}

/** Writes a plain header of 12 bytes at the start of `into`. @returns where the payload goes, bytes. */
export function writeRtpHeader(into: Buffer, header: RtpHeader): number {
  return writeHeader(into, 0x80, header);
}

/**
 * Writes a header with the audio level as one-byte extension (RFC 6464 §3, RFC 8285 §4.2).
 * @param extensionId the id that the SDP gave to the extension, 1 to 14
 * @param levelDbov 0 (loudest) to -127 (silence)
 * @returns where the payload goes, bytes
 */
export function writeLevelledRtpHeader(
  into: Buffer,
  header: RtpHeader,
  extensionId: number,
  levelDbov: number,
): number {
  const at = writeHeader(into, 0x90, header);
  const level = Math.min(127, Math.max(0, Math.round(-levelDbov)));
  // The voice flag: what is louder than a quiet line counts as speech.
  const voice = level < voiceBelow ? 0x80 : 0;
  into.writeUInt16BE(0xbede, at);
  into.writeUInt16BE(1, at + 2);
  into.writeUInt32BE(((extensionId << 28) | ((voice | level) << 16)) >>> 0, at + 4);
  return at + 8;
}

/** -dBov: a telephone line at rest is quieter than this. */
const voiceBelow = 55;

function writeHeader(into: Buffer, first: number, header: RtpHeader): number {
  into.writeUInt8(first, 0);
  into.writeUInt8((header.marker ? 0x80 : 0) | header.payloadType, 1);
  into.writeUInt16BE(header.sequence & 0xffff, 2);
  into.writeUInt32BE(header.timestamp >>> 0, 4);
  into.writeUInt32BE(header.ssrc >>> 0, 8);
  return rtpHeaderBytes;
}
