import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import type { PhoneStream } from './media-session.ts';
import { type LegPort, PhoneLeg } from './phone-leg.ts';
import { writeRtcp } from './rtp/rtcp.ts';
import { type RtpPacket, writeRtpHeader } from './rtp/rtp-packet.ts';
import type { DatagramHandler } from './rtp/rtp-port.ts';
import { Srtp } from './rtp/srtp.ts';

const phone = { address: '192.0.2.7', port: 4_000 };
const pcmu: PhoneStream = {
  codec: 'PCMU',
  payloadType: 0,
  clockRateHz: 8_000,
  telephoneEvent: { payloadType: 101, clockRateHz: 8_000 },
  ptimeMs: 20,
  opus: null,
  remote: phone,
  srtp: null,
  send: true,
  receive: true,
};

class FakePort implements LegPort {
  readonly sent: Buffer[] = [];
  readonly sentTo: string[] = [];
  deliver: DatagramHandler = () => {};

  onDatagram(handler: DatagramHandler): void {
    this.deliver = handler;
  }

  send(bytes: Buffer, address: string, port: number): void {
    this.sent.push(Buffer.from(bytes));
    this.sentTo.push(`${address}:${port}`);
  }
}

function packet(change: {
  readonly sequence: number;
  readonly timestamp?: number;
  readonly payloadType?: number;
  readonly ssrc?: number;
  readonly payload?: Uint8Array;
}): Buffer {
  const { sequence, payload = new Uint8Array(160).fill(0xff) } = change;
  const bytes = Buffer.alloc(12 + payload.length);
  const at = writeRtpHeader(bytes, {
    marker: false,
    payloadType: change.payloadType ?? 0,
    sequence,
    timestamp: change.timestamp ?? sequence * 160,
    ssrc: change.ssrc ?? 1,
  });
  bytes.set(payload, at);
  return bytes;
}

function leg(stream: Partial<PhoneStream> = {}, hears: (packet: RtpPacket) => void = () => {}) {
  const [rtp, rtcp] = [new FakePort(), new FakePort()];
  const clock = new FakeClock();
  const heard: string[] = [];
  const one = new PhoneLeg(
    { rtp, rtcp },
    {
      onAudio: (packet, arrival) => {
        heard.push(arrival.kind);
        hears(packet);
      },
      onDigit: (digit) => heard.push(`digit ${digit}`),
    },
    clock,
  );
  one.setStream({ ...pcmu, ...stream });
  /** A packet every 20 ms, from the phone. */
  const receive = (...packets: readonly Buffer[]) => {
    for (const bytes of packets) {
      rtp.deliver(bytes, phone.address, phone.port);
      clock.advance(20);
    }
  };
  return { one, rtp, rtcp, clock, heard, receive };
}

describe('PhoneLeg', () => {
  it('takes comfort noise (RFC 3389) for a sign of life and no audio, agreed on or not', () => {
    const { one, heard, receive } = leg();
    receive(
      packet({ sequence: 1 }),
      packet({ sequence: 2, payloadType: 13, payload: Uint8Array.of(60) }),
    );
    expect(one.heardAtMono).toBe(20);
    receive(packet({ sequence: 3, timestamp: 30 * 160 }));
    expect(heard).toEqual(['restart', 'newer']);
    expect(one.discarded.unexpected).toBe(0);
    expect(one.reception?.lost).toBe(0);
  });

  it('takes packets of a payload type that was not agreed on for a sign of life, and does not hear them', () => {
    const { one, heard, receive } = leg();
    receive(packet({ sequence: 1 }), packet({ sequence: 2, payloadType: 18 }));
    expect(one.heardAtMono).toBe(20);
    receive(packet({ sequence: 3 }));
    expect(heard).toEqual(['restart', 'newer']);
    expect(one.discarded.unexpected).toBe(1);
    expect(one.reception?.lost).toBe(0);
  });

  it('hears keys that have a stream of their own, and the audio beside them goes on as one', () => {
    const { one, heard, receive } = leg();
    for (let n = 0; n < 6; n++) {
      const payload = Uint8Array.of(5, n > 3 ? 0x8a : 10, 0, 160);
      receive(packet({ sequence: n, timestamp: n * 160 }));
      receive(packet({ sequence: 900 + n, timestamp: 77, ssrc: 9, payloadType: 101, payload }));
    }
    expect(heard.filter((what) => what === 'restart').length).toBe(1);
    expect(heard.filter((what) => what.startsWith('digit'))).toEqual(['digit 5']);
    expect(one.reception?.lost).toBe(0);
  });

  it('hears no more than a phone sends, so that one call takes no time from others', () => {
    const { one, rtp, heard, clock, receive } = leg();
    for (let n = 0; n < 10_000; n++)
      rtp.deliver(packet({ sequence: n & 0xffff }), phone.address, phone.port);
    expect(heard.length).toBe(500);
    expect(one.discarded.excessive).toBe(9_500);
    clock.advance(1_000);
    heard.length = 0;
    receive(...Array.from({ length: 100 }, (_, n) => packet({ sequence: 10_000 + n })));
    expect(heard.length).toBe(100);
  });

  it('hears its phone on while strangers send thousands of packets, before it is locked and after', () => {
    const { heard, rtp, receive } = leg({ signallingAddress: '192.0.2.7' });
    const flood = () => {
      for (let n = 0; n < 2_000; n++) rtp.deliver(packet({ sequence: 7 }), phone.address, 9);
    };
    flood();
    for (let n = 0; n < 10; n++) {
      receive(packet({ sequence: n }));
      flood();
    }
    expect(heard.length).toBe(10);
  });

  it('reads padding, header extensions and contributing sources as what they are', () => {
    const payloads: number[] = [];
    const { receive } = leg({}, (audio) => payloads.push(audio.payload.length));
    const plain = packet({ sequence: 1 });
    const csrc = Buffer.concat([plain.subarray(0, 12), Buffer.alloc(8), plain.subarray(12)]);
    csrc[0] = 0x82;
    const extension = Buffer.of(0xbe, 0xde, 0, 1, 0x10, 0xff, 0, 0);
    const extended = Buffer.concat([plain.subarray(0, 12), extension, plain.subarray(12)]);
    extended[0] = 0x90;
    const padded = Buffer.concat([plain, Buffer.of(0, 0, 0, 4)]);
    padded[0] = 0xa0;
    for (const [n, bytes] of [plain, csrc, extended, padded].entries()) {
      bytes.writeUInt16BE(n + 1, 2);
      receive(bytes);
    }
    expect(payloads).toEqual([160, 160, 160, 160]);
  });

  describe('reports', () => {
    const sent = { nowWall: 0, timestamp: 0, packets: 1, payloadBytes: 160 };
    const own = { ssrc: 42, stream: sent };
    const lossOf = (lost: number, ssrc = 1) =>
      writeRtcp(ssrc, 'phone', null, {
        ...{ ssrc: 42, fractionLost: 0, lost, highestSequence: 1, jitterTicks: 0 },
        ...{ lastReport: 0, sinceLastReport: 0 },
      });
    function reporting() {
      const bench = leg();
      bench.receive(...[1, 2, 3, 4].map((sequence) => packet({ sequence })));
      bench.clock.advance(3_000);
      bench.one.report(own);
      return bench;
    }
    const lost = ({ one }: ReturnType<typeof reporting>) => one.reporting.remoteLoss.packets;

    it('go to the port above the audio, and are taken from there and from the port of the audio', () => {
      const bench = reporting();
      expect(bench.rtcp.sentTo).toEqual(['192.0.2.7:4001']);
      bench.rtcp.deliver(lossOf(3), phone.address, 4_001);
      expect(lost(bench)).toBe(3);
      bench.rtp.deliver(lossOf(4), phone.address, 4_000);
      expect(lost(bench)).toBe(4);
    });

    it('are taken from another port of the phone (NAT) by their SSRC, and then go there', () => {
      const bench = reporting();
      bench.rtcp.deliver(lossOf(5), phone.address, 50_123);
      expect(lost(bench)).toBe(5);
      bench.clock.advance(10_000);
      bench.one.report(own);
      expect(bench.rtcp.sentTo.at(-1)).toBe('192.0.2.7:50123');
      expect(bench.one.discarded.foreign).toBe(0);
    });

    it('are not taken from another port with another SSRC, nor from another address', () => {
      const bench = reporting();
      bench.rtcp.deliver(lossOf(6, 2), phone.address, 50_123);
      bench.rtcp.deliver(lossOf(7), '192.0.2.8', 4_001);
      expect(lost(bench)).toBe(0);
      expect(bench.one.discarded.foreign).toBe(2);
      bench.clock.advance(10_000);
      bench.one.report(own);
      expect(bench.rtcp.sentTo.at(-1)).toBe('192.0.2.7:4001');
    });

    it('are not taken from another port while the phone has not been heard', () => {
      const { one, rtcp, clock } = leg();
      rtcp.deliver(Buffer.of(0x80, 201, 0, 0), phone.address, 50_123);
      rtcp.deliver(lossOf(6), phone.address, 50_123);
      clock.advance(10_000);
      one.report(own);
      expect(rtcp.sentTo).toEqual(['192.0.2.7:4001']);
      expect(one.discarded.foreign).toBe(2);
    });

    it('are read when they are no compound (RFC 5506)', () => {
      const bench = reporting();
      bench.rtcp.deliver(lossOf(8).subarray(0, 32), phone.address, 4_001);
      expect(lost(bench)).toBe(8);
    });
  });

  it('hears a phone on that changes its SSRC, or jumps in time, without an exploding jitter', () => {
    const { one, heard, receive } = leg();
    receive(packet({ sequence: 1 }), packet({ sequence: 2 }));
    receive(packet({ sequence: 40_000, ssrc: 2, timestamp: 7 }));
    receive(packet({ sequence: 40_001, ssrc: 2, timestamp: 2_000_000_000 }));
    receive(packet({ sequence: 40_002, ssrc: 2, timestamp: 2_000_000_160 }));
    expect(heard).toEqual(['restart', 'newer', 'restart', 'newer', 'newer']);
    expect(one.reception?.lost).toBe(0);
    expect(one.reception?.jitterMs).toBeLessThan(5);
  });

  it('hears a key once in a stream of Opus whose telephone events count by 8000 Hz', () => {
    const { heard, receive } = leg({ codec: 'opus', payloadType: 96, clockRateHz: 48_000 });
    const event = (sequence: number, flags: number, duration: number) =>
      packet({
        sequence,
        timestamp: 96_000,
        payloadType: 101,
        payload: Uint8Array.of(7, flags | 10, duration >> 8, duration & 0xff),
      });
    receive(packet({ sequence: 1, payloadType: 96, timestamp: 95_040 }));
    receive(event(2, 0, 160), event(3, 0, 320), event(4, 0x80, 480), event(5, 0x80, 480));
    expect(heard).toEqual(['restart', 'digit 7']);
  });

  it('drops ten thousand packets whose tag is wrong, learns nothing from them and hears the next', () => {
    const suite = 'AES_CM_128_HMAC_SHA1_80';
    const [sendKey, receiveKey] = [randomBytes(30), randomBytes(30)];
    const { one, heard, receive } = leg({ srtp: { suite, sendKey, receiveKey } });
    const sender = new Srtp(suite, receiveKey);
    receive(Buffer.from(sender.protect(packet({ sequence: 1 }))));
    const forged = packet({ sequence: 900, payload: new Uint8Array(170) });
    for (let i = 0; i < 10_000; i++) receive(forged);
    receive(Buffer.from(sender.protect(packet({ sequence: 2 }))));
    expect(heard).toEqual(['restart', 'newer']);
    expect(one.discarded.unauthenticated).toBe(10_000);
  });

  it('goes on counting one way when only the key of the other way is new', () => {
    const suite = 'AES_CM_128_HMAC_SHA1_80';
    const srtp = { suite, sendKey: randomBytes(30), receiveKey: randomBytes(30) } as const;
    const { one, heard, receive } = leg({ srtp });
    const sender = new Srtp(suite, srtp.receiveKey);
    const replayed = Buffer.from(sender.protect(packet({ sequence: 1 })));
    receive(replayed);
    one.setStream({ ...pcmu, srtp: { ...srtp, sendKey: randomBytes(30) } });
    receive(replayed);
    expect(heard).toEqual(['restart']);
    expect(one.discarded.unauthenticated).toBe(1);
  });

  it('goes on counting SRTP where it was when a new offer has the same keys', () => {
    const suite = 'AES_CM_128_HMAC_SHA1_80';
    const srtp = { suite, sendKey: randomBytes(30), receiveKey: randomBytes(30) } as const;
    const { one, rtp, heard, receive } = leg({ srtp });
    const sender = new Srtp(suite, srtp.receiveKey);
    const replayed = Buffer.from(sender.protect(packet({ sequence: 1 })));
    receive(replayed);
    one.setStream({ ...pcmu, srtp: { ...srtp }, send: false });
    receive(replayed);
    expect(heard).toEqual(['restart']);
    one.send(packet({ sequence: 5 }));
    expect(rtp.sent).toEqual([]);
  });
});
