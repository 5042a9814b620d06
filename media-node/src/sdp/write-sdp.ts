/**
 * Writing our session descriptions (RFC 8866): the answer to an offer (RFC 3264 §6: one accepted audio stream, every other media line
 * refused with port 0 in its place), and the offer of a 200 whose INVITE had none (RFC 3261 §13.2.1). Pure; all values are
 * ours or were checked when the offer was read.
 */
import { isIPv6 } from 'node:net';
import type { PhoneCodecName, PhoneStream } from '../media/media-session.ts';
import { type Agreement, phoneCodecs, secureProfiles } from './negotiate.ts';
import type { SdpMedia, SessionDescription } from './parse-sdp.ts';
import { type CryptoOffer, writeCrypto } from './sdes.ts';

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
const offeredPayloadTypes: Readonly<Record<string, number>> = {
  'opus/48000/2': 96,
  'telephone-event/8000': 101,
  'telephone-event/48000': 97,
};
const firstDynamic = 96;

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
    } else lines.push(refusedMedia(media));
  }
  return body(lines);
}

function refusedMedia({ type, protocol, formats }: SdpMedia): string {
  return `m=${type} 0 ${protocol} ${formats.join(' ')}`;
}

/** What was agreed before: the description of the other side, and what came of it. */
export interface Standing {
  readonly offer: SessionDescription;
  readonly agreement: Agreement;
}

/**
 * An offer of ours: the codecs in our order, telephone events for each clock among them, both directions. In a call that is up it has the media lines of
 * what stands, each in its place, its payload types and its encryption (RFC 3264 §8).
 * @param keys of ours, one for each suite, where nothing stands and the call is to be encrypted; else none
 */
export function writeOffer(
  codecs: readonly PhoneCodecName[],
  local: LocalMedia,
  origin: SdpOrigin,
  standing: Standing | null = null,
  keys: readonly CryptoOffer[] = [],
): Buffer {
  const lines = sessionLines(local, origin);
  if (standing === null) {
    const protocol = keys.length === 0 ? 'RTP/AVP' : 'RTP/SAVP';
    return body([...lines, ...offeredMedia(codecs, { port: local.port, protocol, keys }, null)]);
  }
  const { offer, agreement } = standing;
  const { stream } = agreement;
  for (const [index, media] of offer.media.entries()) {
    if (index === agreement.mediaIndex) {
      const line = { port: local.port, protocol: profileFor(media, stream), keys: ownKey(stream) };
      lines.push(...offeredMedia(codecs, line, stream));
    } else lines.push(refusedMedia(media));
  }
  return body(lines);
}

/** What the other side called it, where that says what it is. */
function profileFor({ protocol }: SdpMedia, { srtp }: PhoneStream): string {
  if (secureProfiles.includes(protocol) === (srtp !== null)) return protocol;
  return srtp === null ? 'RTP/AVP' : 'RTP/SAVP';
}

function ownKey({ srtp }: PhoneStream): readonly CryptoOffer[] {
  return srtp === null ? [] : [{ tag: '1', suite: srtp.suite, key: srtp.sendKey }];
}

interface OfferedLine {
  readonly port: number;
  readonly protocol: string;
  readonly keys: readonly CryptoOffer[];
}

function offeredMedia(
  codecs: readonly PhoneCodecName[],
  { port, protocol, keys }: OfferedLine,
  stream: PhoneStream | null,
): string[] {
  const types = payloadTypes(stream);
  const formats = codecs.map((name) => ({
    payloadType: types(rtpmap(name), phoneCodecs[name].staticPayloadType),
    rtpmap: rtpmap(name),
  }));
  const clocks = [...new Set(codecs.map((name) => phoneCodecs[name].clockRateHz))];
  const events = clocks.map((clockRateHz) => {
    const map = `telephone-event/${clockRateHz}`;
    return { payloadType: types(map, null), rtpmap: map };
  });
  const all = [...formats, ...events];
  const opus = formats.find((one) => one.rtpmap === rtpmap('opus'));
  return [
    `m=audio ${port} ${protocol} ${all.map((one) => one.payloadType).join(' ')}`,
    ...all.map((one) => `a=rtpmap:${one.payloadType} ${one.rtpmap}`),
    ...(opus === undefined ? [] : [opusParameters(opus.payloadType)]),
    ...events.map((one) => `a=fmtp:${one.payloadType} 0-15`),
    ...keys.map(writeCrypto),
    `a=ptime:${ptimeMs}`,
    'a=sendrecv',
  ];
}

/** Payload types by rtpmap: what a stream has given one keeps it, and nothing else gets that (RFC 3264 §8.3.2). */
function payloadTypes(stream: PhoneStream | null) {
  const given = new Map<string, number>();
  const events = stream?.telephoneEvent ?? null;
  if (stream !== null) given.set(rtpmap(stream.codec), stream.payloadType);
  if (events !== null) given.set(`telephone-event/${events.clockRateHz}`, events.payloadType);
  const taken = new Set(given.values());
  return (map: string, fixed: number | null): number => {
    const known = given.get(map);
    if (known !== undefined) return known;
    let free = fixed ?? offeredPayloadTypes[map] ?? firstDynamic;
    while (taken.has(free)) free = Math.max(free + 1, firstDynamic);
    taken.add(free);
    return free;
  };
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
      : [writeCrypto({ tag: cryptoTag, suite: stream.srtp.suite, key: stream.srtp.sendKey })]),
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
