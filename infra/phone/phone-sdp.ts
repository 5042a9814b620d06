/** The phone's session description: one audio stream, and what the answer to it says. */
import { parseSdp } from '../../media-node/src/sdp/parse-sdp.ts';
import { type PhoneCodec, payloadTypes } from './rtp-stream.ts';

/** `sendonly`: the other side is on hold. RFC 3264 §8.4. */
export type OfferDirection = 'sendrecv' | 'sendonly';

/** Clock and, for Opus, channels as rtpmap has them. */
const clocks: Readonly<Record<PhoneCodec, string>> = {
  PCMU: '8000',
  PCMA: '8000',
  G722: '8000',
  opus: '48000/2',
};

/** An offer (RFC 4566, RFC 3264). @param version counts the offers of a call from 1 */
export function writeOffer(
  address: string,
  port: number,
  codecs: readonly PhoneCodec[],
  { direction, version }: { direction: OfferDirection; version: number } = {
    direction: 'sendrecv',
    version: 1,
  },
): Buffer {
  const family = address.includes(':') ? 'IP6' : 'IP4';
  const lines = [
    'v=0',
    `o=phone 1 ${version} IN ${family} ${address}`,
    's=-',
    `c=IN ${family} ${address}`,
    't=0 0',
    `m=audio ${port} RTP/AVP ${codecs.map((codec) => payloadTypes[codec]).join(' ')} 101`,
    ...codecs.map((codec) => `a=rtpmap:${payloadTypes[codec]} ${codec}/${clocks[codec]}`),
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    'a=ptime:20',
    `a=${direction}`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1');
}

export interface AgreedStream {
  readonly address: string;
  readonly port: number;
  readonly codec: PhoneCodec;
}

/** Where the other side wants audio, and in which codec. @throws Error when the answer is none to our offer. */
export function readAnswer(body: Buffer): AgreedStream {
  const reading = parseSdp(body);
  if (reading.kind === 'fault') throw new Error(`SDP answer: ${reading.message}`);
  const audio = reading.session.media[0];
  if (audio === undefined || audio.port === 0 || audio.connection === null)
    throw new Error('SDP answer without an audio stream');
  const codec = (Object.keys(payloadTypes) as PhoneCodec[]).find(
    (name) => String(payloadTypes[name]) === audio.formats[0],
  );
  if (codec === undefined)
    throw new Error(`SDP answer names payload type ${audio.formats[0]}; expected one of the offer`);
  return { address: audio.connection.address, port: audio.port, codec };
}
