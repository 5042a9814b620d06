/**
 * Writing our session descriptions (RFC 8866): the answer to an offer (RFC 3264 §6: one accepted audio stream, every other media line
 * refused with port 0 in its place), and the offer of a 200 whose INVITE had none (RFC 3261 §13.2.1). Pure; all values are
 * ours or were checked when the offer was read.
 */
import { isIPv6 } from 'node:net';
import type { PhoneCodecName } from '../media/media-session.ts';
import { type Agreement, phoneCodecs } from './negotiate.ts';
import type { SessionDescription } from './parse-sdp.ts';
import { writeCrypto } from './sdes.ts';

export interface SdpOrigin {
  /** Numeric session id, the same for all our descriptions of a call. */
  readonly sessionId: string;
  /** Counts our descriptions of a call from 1; goes up with every new one (RFC 3264 §8). */
  readonly version: number;
}

/** Where we take RTP. */
export interface LocalMedia {
  readonly address: string;
  readonly port: number;
}

/** Payload types of our own offers where RFC 3551 has no static one. */
const offeredPayloadTypes = { opus: 96, telephoneEvent: { 8000: 101, 48000: 97 } } as const;

/** Packet time we announce, ms. */
const ptimeMs = 20;

/** The body of a 200: our address and port, the agreed codec, telephone events, our direction. */
export function writeAnswer(
  offer: SessionDescription,
  agreement: Agreement,
  local: LocalMedia,
  origin: SdpOrigin,
): Buffer {
  const lines = sessionLines(local, origin);
  for (const [index, media] of offer.media.entries()) {
    if (index === agreement.mediaIndex) {
      lines.push(...acceptedMedia(media.protocol, agreement, local.port));
    } else lines.push(`m=${media.type} 0 ${media.protocol} ${media.formats.join(' ')}`);
  }
  return body(lines);
}

/** An offer of ours: the codecs in our order, telephone events for each clock among them, both directions. */
export function writeOffer(
  codecs: readonly PhoneCodecName[],
  local: LocalMedia,
  origin: SdpOrigin,
): Buffer {
  const formats = codecs.map((name) => ({
    payloadType: phoneCodecs[name].staticPayloadType ?? offeredPayloadTypes.opus,
    rtpmap: rtpmap(name),
  }));
  const clocks = [...new Set(codecs.map((name) => phoneCodecs[name].clockRateHz))];
  const events = clocks.map((clockRateHz) => ({
    payloadType:
      clockRateHz === 48_000
        ? offeredPayloadTypes.telephoneEvent[48_000]
        : offeredPayloadTypes.telephoneEvent[8_000],
    rtpmap: `telephone-event/${clockRateHz}`,
  }));
  const all = [...formats, ...events];
  return body([
    ...sessionLines(local, origin),
    `m=audio ${local.port} RTP/AVP ${all.map((one) => one.payloadType).join(' ')}`,
    ...all.map((one) => `a=rtpmap:${one.payloadType} ${one.rtpmap}`),
    ...(codecs.includes('opus') ? [opusParameters(offeredPayloadTypes.opus)] : []),
    ...events.map((one) => `a=fmtp:${one.payloadType} 0-15`),
    `a=ptime:${ptimeMs}`,
    'a=sendrecv',
  ]);
}

function sessionLines(local: LocalMedia, origin: SdpOrigin): string[] {
  const address = `IN ${isIPv6(local.address) ? 'IP6' : 'IP4'} ${local.address}`;
  return [
    'v=0',
    `o=callgate ${origin.sessionId} ${origin.version} ${address}`,
    's=Callgate',
    `c=${address}`,
    't=0 0',
  ];
}

function acceptedMedia(protocol: string, { stream, cryptoTag }: Agreement, port: number): string[] {
  const events = stream.telephoneEvent;
  const formats = events === null ? [] : [events.payloadType];
  return [
    `m=audio ${port} ${protocol} ${[stream.payloadType, ...formats].join(' ')}`,
    `a=rtpmap:${stream.payloadType} ${rtpmap(stream.codec)}`,
    ...(stream.codec === 'opus' ? [opusParameters(stream.payloadType)] : []),
    ...(events === null
      ? []
      : [
          `a=rtpmap:${events.payloadType} telephone-event/${events.clockRateHz}`,
          `a=fmtp:${events.payloadType} 0-15`,
        ]),
    ...(stream.srtp === null || cryptoTag === null
      ? []
      : [writeCrypto(cryptoTag, stream.srtp.suite, stream.srtp.sendKey)]),
    `a=ptime:${stream.ptimeMs}`,
    `a=${direction(stream.send, stream.receive)}`,
  ];
}

/** We take loss protection inside the packets, and speak mono (RFC 7587 §6.1). */
function opusParameters(payloadType: number): string {
  return `a=fmtp:${payloadType} useinbandfec=1;stereo=0`;
}

function rtpmap(name: PhoneCodecName): string {
  const { clockRateHz, channels } = phoneCodecs[name];
  return `${name}/${clockRateHz}${channels > 1 ? `/${channels}` : ''}`;
}

/** Our direction: what we send and receive. RFC 3264 §6.1. */
function direction(send: boolean, receive: boolean): string {
  if (send) return receive ? 'sendrecv' : 'sendonly';
  return receive ? 'recvonly' : 'inactive';
}

function body(lines: readonly string[]): Buffer {
  return Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1');
}
