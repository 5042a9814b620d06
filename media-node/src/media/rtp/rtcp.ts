/**
 * RTCP (RFC 3550 §6): reading what a phone reports, and writing sender and receiver reports with a CNAME. A compound packet is walked with
 * checked lengths; what is not understood is passed over. Pure.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |V=2|P|    RC   |      PT       |     length in words - 1       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                     SSRC of packet sender                     |
 * +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 */

/** What one receiver says of one stream. */
export interface ReportBlock {
  /** The stream that is reported on. */
  readonly ssrc: number;
  /** Lost since the last report, 0 to 1. */
  readonly fractionLost: number;
  /** Since the beginning; negative with duplicates. */
  readonly lost: number;
  /** Sequence number with its cycles, 32 bit. */
  readonly highestSequence: number;
  /** Ticks of the stream's clock. */
  readonly jitterTicks: number;
  /** Middle 32 bits of the NTP time of the last sender report; 0: none has come. */
  readonly lastReport: number;
  /** Since that report, 1/65536 s. */
  readonly sinceLastReport: number;
}

export interface SenderInfo {
  readonly ssrc: number;
  /** NTP time in 1/65536 s: its middle 32 bits. */
  readonly ntpMiddle: number;
}

export interface ReceivedReports {
  readonly sender: SenderInfo | null;
  readonly blocks: readonly ReportBlock[];
  /** Sources that said goodbye. */
  readonly gone: readonly number[];
}

const [senderReport, receiverReport, sourceDescription, goodbye] = [200, 201, 202, 203];
const blockBytes = 24;
/** Seconds from 1900 (NTP) to 1970. */
const ntpOffsetS = 2_208_988_800;

/** Reads a compound packet; null: it is malformed. */
export function readRtcp(bytes: Buffer): ReceivedReports | null {
  let sender: SenderInfo | null = null;
  const blocks: ReportBlock[] = [];
  const gone: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length || bytes.readUInt8(at) >> 6 !== 2) return null;
    const count = bytes.readUInt8(at) & 0x1f;
    const type = bytes.readUInt8(at + 1);
    const end = at + 4 + 4 * bytes.readUInt16BE(at + 2);
    if (end > bytes.length) return null;
    if (type === senderReport || type === receiverReport) {
      const blocksAt = at + (type === senderReport ? 28 : 8);
      if (blocksAt + count * blockBytes > end) return null;
      if (type === senderReport) {
        sender = { ssrc: bytes.readUInt32BE(at + 4), ntpMiddle: bytes.readUInt32BE(at + 10) };
      }
      for (let i = 0; i < count; i++) blocks.push(readBlock(bytes, blocksAt + i * blockBytes));
    }
    if (type === goodbye) {
      if (at + 4 + 4 * count > end) return null;
      for (let i = 0; i < count; i++) gone.push(bytes.readUInt32BE(at + 4 + 4 * i));
    }
    at = end;
  }
  return bytes.length === 0 ? null : { sender, blocks, gone };
}

function readBlock(bytes: Buffer, at: number): ReportBlock {
  return {
    ssrc: bytes.readUInt32BE(at),
    fractionLost: bytes.readUInt8(at + 4) / 256,
    lost: bytes.readIntBE(at + 5, 3),
    highestSequence: bytes.readUInt32BE(at + 8),
    jitterTicks: bytes.readUInt32BE(at + 12),
    lastReport: bytes.readUInt32BE(at + 16),
    sinceLastReport: bytes.readUInt32BE(at + 20),
  };
}

/** What we have sent, for a sender report. */
export interface SentStream {
  /** Milliseconds since epoch, and the RTP timestamp of that moment. */
  readonly nowWall: number;
  readonly timestamp: number;
  readonly packets: number;
  readonly payloadBytes: number;
}

/**
 * Writes a report: a sender report when we have sent, else a receiver report; one block at most, then our CNAME.
 * @param cname tells nothing of who we are; 255 bytes at most
 */
export function writeRtcp(
  ssrc: number,
  cname: string,
  sent: SentStream | null,
  block: ReportBlock | null,
): Buffer {
  const head = Buffer.alloc(sent === null ? 8 : 28);
  head.writeUInt8(0x80 | (block === null ? 0 : 1), 0);
  head.writeUInt8(sent === null ? receiverReport : senderReport, 1);
  head.writeUInt16BE((head.length + (block === null ? 0 : blockBytes)) / 4 - 1, 2);
  head.writeUInt32BE(ssrc, 4);
  if (sent !== null) {
    const seconds = sent.nowWall / 1_000 + ntpOffsetS;
    head.writeUInt32BE(Math.floor(seconds) >>> 0, 8);
    head.writeUInt32BE(Math.floor((seconds % 1) * 2 ** 32) >>> 0, 12);
    head.writeUInt32BE(sent.timestamp >>> 0, 16);
    head.writeUInt32BE(sent.packets >>> 0, 20);
    head.writeUInt32BE(sent.payloadBytes >>> 0, 24);
  }
  return Buffer.concat([
    head,
    block === null ? Buffer.alloc(0) : writeBlock(block),
    writeDescription(ssrc, cname),
  ]);
}

/** Writes the end of our stream: an empty receiver report, CNAME, BYE. RFC 3550 §6.6. */
export function writeGoodbye(ssrc: number, cname: string): Buffer {
  const bye = Buffer.alloc(8);
  bye.writeUInt8(0x81, 0);
  bye.writeUInt8(goodbye, 1);
  bye.writeUInt16BE(1, 2);
  bye.writeUInt32BE(ssrc, 4);
  return Buffer.concat([writeRtcp(ssrc, cname, null, null), bye]);
}

function writeBlock(block: ReportBlock): Buffer {
  const bytes = Buffer.alloc(blockBytes);
  bytes.writeUInt32BE(block.ssrc, 0);
  bytes.writeUInt8(Math.min(255, Math.floor(block.fractionLost * 256)), 4);
  bytes.writeIntBE(Math.max(-0x80_0000, Math.min(0x7f_ffff, block.lost)), 5, 3);
  bytes.writeUInt32BE(block.highestSequence >>> 0, 8);
  bytes.writeUInt32BE(block.jitterTicks >>> 0, 12);
  bytes.writeUInt32BE(block.lastReport >>> 0, 16);
  bytes.writeUInt32BE(block.sinceLastReport >>> 0, 20);
  return bytes;
}

/** SDES with a CNAME (item 1), padded with zeros to whole words, at least one. RFC 3550 §6.5. */
function writeDescription(ssrc: number, cname: string): Buffer {
  const name = Buffer.from(cname, 'utf8').subarray(0, 255);
  const bytes = Buffer.alloc(8 + 4 * Math.floor((2 + name.length) / 4 + 1));
  bytes.writeUInt8(0x81, 0);
  bytes.writeUInt8(sourceDescription, 1);
  bytes.writeUInt16BE(bytes.length / 4 - 1, 2);
  bytes.writeUInt32BE(ssrc, 4);
  bytes.writeUInt8(1, 8);
  bytes.writeUInt8(name.length, 9);
  bytes.set(name, 10);
  return bytes;
}

/** Milliseconds since epoch as the middle 32 bits of NTP time: 16 of seconds, 16 of fraction. */
export function ntpMiddleOf(nowWall: number): number {
  const seconds = nowWall / 1_000 + ntpOffsetS;
  return (((Math.floor(seconds) & 0xffff) << 16) | Math.floor((seconds % 1) * 65_536)) >>> 0;
}

/** Round trip from a report block that answers a report of ours, ms; null: it answers none. RFC 3550 §6.4.1. */
export function roundTripMs(block: ReportBlock, nowWall: number): number | null {
  if (block.lastReport === 0) return null;
  const ticks = (ntpMiddleOf(nowWall) - block.lastReport - block.sinceLastReport) | 0;
  return ticks < 0 ? null : (ticks * 1_000) / 65_536;
}
