import { describe, expect, it } from 'vitest';
import { createPhoneCodec } from '../../media-node/src/media/audio/phone-codec.ts';
import { writeRtpHeader } from '../../media-node/src/media/rtp/rtp-packet.ts';
import { writeOffer } from '../phone/phone-sdp.ts';
import type { Datagram } from './capture-file.ts';
import { firstAudioAfter200 } from './first-audio.ts';

const phone = { address: '127.0.0.2', port: 5_070 };
const node = { address: '127.0.0.1', port: 5_060 };
const audio = { address: '127.0.0.2', port: 40_000 };
const soundRms = 60;

function sip(
  startLine: string,
  method: string,
  body: Buffer = Buffer.alloc(0),
  callId = 'one',
): Buffer {
  const head = [
    startLine,
    'Via: SIP/2.0/UDP 127.0.0.2:5070;branch=z9hG4bK1',
    'Max-Forwards: 70',
    'From: <sip:a@127.0.0.2>;tag=a',
    'To: <sip:b@127.0.0.1>',
    `Call-ID: ${callId}`,
    `CSeq: 1 ${method}`,
    'Contact: <sip:a@127.0.0.2:5070>',
    ...(body.length > 0 ? ['Content-Type: application/sdp'] : []),
    `Content-Length: ${body.length}`,
  ].join('\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`), body]);
}

const offer = writeOffer(audio.address, audio.port, ['PCMU']);

function invite(atMs: number, callId = 'one'): Datagram {
  const bytes = sip('INVITE sip:b@127.0.0.1 SIP/2.0', 'INVITE', offer, callId);
  return { atMs, from: phone, to: node, bytes };
}

function answer(atMs: number, statusLine = 'SIP/2.0 200 OK', method = 'INVITE'): Datagram {
  return { atMs, from: node, to: phone, bytes: sip(statusLine, method) };
}

/** @param peak of its samples */
function rtp(atMs: number, peak: number, to = audio): Datagram {
  const bytes = Buffer.alloc(172);
  writeRtpHeader(bytes, { marker: false, payloadType: 0, sequence: 1, timestamp: 0, ssrc: 1 });
  bytes.set(createPhoneCodec('PCMU').encode(new Int16Array(160).fill(peak)), 12);
  return { atMs, from: node, to, bytes };
}

const waits = (...datagrams: readonly Datagram[]) => [...firstAudioAfter200(datagrams, soundRms)];

describe("the room's first audio", () => {
  it('comes so long after the 200 as its packet leaves after it', () => {
    expect(waits(invite(0), answer(30), rtp(47, 1_000), rtp(67, 1_000))).toEqual([['one', 17]]);
  });

  it('is not the silence before it', () => {
    expect(waits(invite(0), answer(30), rtp(40, 0), rtp(60, 1_000))).toEqual([['one', 30]]);
  });

  it('counts from the first 200, however often that is sent, and however often it was asked for', () => {
    const datagrams = [invite(0), invite(5), answer(30), rtp(47, 1_000), answer(530), invite(540)];
    expect(waits(...datagrams)).toEqual([['one', 17]]);
  });

  it.each<[string, readonly Datagram[]]>([
    ['is only ringing', [invite(0), answer(30, 'SIP/2.0 180 Ringing'), rtp(47, 1_000)]],
    ['is answered nothing but an OPTIONS', [invite(0), answer(30, 'SIP/2.0 200 OK', 'OPTIONS')]],
    ['hears nothing', [invite(0), answer(30), rtp(47, 0)]],
    ['was not seen from the start', [answer(30), rtp(47, 1_000)]],
    [
      'is another one',
      [invite(0), answer(30), rtp(47, 1_000, { address: '127.0.0.2', port: 40_002 })],
    ],
  ])('is not known of a call that %s', (_why, datagrams) => {
    expect(waits(...datagrams)).toEqual([]);
  });
});
