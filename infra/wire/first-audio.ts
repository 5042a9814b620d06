/** From the 200 to the first audible packet for the phone, as both leave the bridge. Pure: it reads what was heard on the wire, and asks neither side. */
import { createPhoneCodec } from '../../media-node/src/media/audio/phone-codec.ts';
import { RtpPacket } from '../../media-node/src/media/rtp/rtp-packet.ts';
import { readMessage } from '../../media-node/src/sip/wire/read-message.ts';
import { rms } from '../audio/goertzel.ts';
import type { Datagram, Endpoint } from './capture-file.ts';

/** Of whole packets: an INVITE with its SDP. */
export const wholePacketBytes = 2_048;
/** Where the phone of an INVITE wants its audio, RFC 4566 §5.14. */
const audioPort = /^m=audio (\d+) /m;

interface AnsweredCall {
  /** Address and port of the phone's audio. */
  readonly audio: string;
  /** ms since 1970; null: not yet. */
  answeredAtMs: number | null;
}

/**
 * For each answered call whose audio came, ms, by Call-ID. Below zero: the audio was first.
 * @param soundRms of 16 bit samples: what is above is audible
 */
export function firstAudioAfter200(
  datagrams: readonly Datagram[],
  soundRms: number,
): Map<string, number> {
  const calls = new Map<string, AnsweredCall>();
  const audibleAtMs = new Map<string, number>();
  const decoder = createPhoneCodec('PCMU');
  const packet = new RtpPacket();
  for (const { atMs, from, to, bytes } of datagrams) {
    if (packet.read(bytes) === null) {
      const place = nameOf(to);
      if (audibleAtMs.has(place) || packet.payloadType !== 0) continue;
      if (rms(decoder.decode(packet.payload) ?? new Int16Array()) >= soundRms)
        audibleAtMs.set(place, atMs);
    } else noteMessage(calls, bytes, from, atMs);
  }
  const waits = new Map<string, number>();
  for (const [callId, { audio, answeredAtMs }] of calls) {
    const audible = audibleAtMs.get(audio);
    if (answeredAtMs !== null && audible !== undefined) waits.set(callId, audible - answeredAtMs);
  }
  return waits;
}

function noteMessage(
  calls: Map<string, AnsweredCall>,
  bytes: Buffer,
  from: Endpoint,
  atMs: number,
): void {
  const reading = readMessage(bytes);
  if (reading.kind !== 'message') return;
  const { message } = reading;
  if (message.kind === 'request') {
    const port = audioPort.exec(message.body.toString('latin1'))?.[1];
    const isNew = message.method === 'INVITE' && !calls.has(message.callId);
    if (isNew && port !== undefined)
      calls.set(message.callId, {
        audio: nameOf({ address: from.address, port: Number(port) }),
        answeredAtMs: null,
      });
    return;
  }
  const call = calls.get(message.callId);
  if (call !== undefined && message.status === 200 && message.cseq.method === 'INVITE')
    call.answeredAtMs ??= atMs;
}

function nameOf({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}
