/**
 * Writing our SDP answer (RFC 3264 §6, RFC 8866): one accepted audio stream, every other media line of the offer refused with port
 * 0 in its place. Pure; all values are ours or were checked when the offer was read.
 */
import { isIPv6 } from 'node:net';
import type { Agreement } from './negotiate.ts';
import { phoneCodecs } from './negotiate.ts';
import type { SessionDescription } from './parse-sdp.ts';

export interface AnswerOrigin {
  /** Numeric session id, the same for all our descriptions of a call. */
  readonly sessionId: string;
  /** Counts our descriptions of a call from 1; goes up when one differs from the last (RFC 3264 §8). */
  readonly version: number;
}

/** The body of a 200: our address and port (RTP), the agreed codec, telephone events, our direction. */
export function writeAnswer(
  offer: SessionDescription,
  agreement: Agreement,
  local: { readonly address: string; readonly port: number },
  origin: AnswerOrigin,
): Buffer {
  const address = `IN ${isIPv6(local.address) ? 'IP6' : 'IP4'} ${local.address}`;
  const lines = [
    'v=0',
    `o=callgate ${origin.sessionId} ${origin.version} ${address}`,
    's=Callgate',
    `c=${address}`,
    't=0 0',
  ];
  for (const [index, media] of offer.media.entries()) {
    if (index === agreement.mediaIndex)
      lines.push(...acceptedMedia(media.protocol, agreement, local.port));
    else lines.push(`m=${media.type} 0 ${media.protocol} ${media.formats.join(' ')}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1');
}

function acceptedMedia(protocol: string, { stream }: Agreement, port: number): string[] {
  const codec = phoneCodecs[stream.codec];
  const channels = codec.channels > 1 ? `/${codec.channels}` : '';
  const events = stream.telephoneEventPayloadType;
  const formats = events === null ? `${stream.payloadType}` : `${stream.payloadType} ${events}`;
  return [
    `m=audio ${port} ${protocol} ${formats}`,
    `a=rtpmap:${stream.payloadType} ${codec.name}/${codec.clockRateHz}${channels}`,
    ...(events === null
      ? []
      : [`a=rtpmap:${events} telephone-event/${stream.clockRateHz}`, `a=fmtp:${events} 0-15`]),
    `a=ptime:${stream.ptimeMs}`,
    `a=${direction(stream.send, stream.receive)}`,
  ];
}

/** Our direction: what we send and receive. RFC 3264 §6.1. */
function direction(send: boolean, receive: boolean): string {
  if (send) return receive ? 'sendrecv' : 'sendonly';
  return receive ? 'recvonly' : 'inactive';
}
