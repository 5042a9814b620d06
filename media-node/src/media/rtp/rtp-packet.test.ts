import { describe, expect, it } from 'vitest';
import {
  isRtcp,
  type RtpFault,
  RtpPacket,
  writeLevelledRtpHeader,
  writeRtpHeader,
} from './rtp-packet.ts';

const plain = '80e0ffff00000001deadbeef'; // V=2, marker, payload type 96, sequence 65535

function read(hex: string): { fault: RtpFault | null; packet: RtpPacket } {
  const packet = new RtpPacket();
  return { fault: packet.read(Buffer.from(hex, 'hex')), packet };
}

describe('RtpPacket (RFC 3550 §5.1)', () => {
  it('reads the fields of a packet and its payload in place', () => {
    const bytes = Buffer.from(`${plain}0102`, 'hex');
    const packet = new RtpPacket();
    expect(packet.read(bytes)).toBeNull();
    expect(packet).toMatchObject({
      marker: true,
      payloadType: 96,
      sequence: 65_535,
      timestamp: 1,
      ssrc: 0xdeadbeef,
    });
    expect(packet.payload.buffer).toBe(bytes.buffer);
    expect([...packet.payload]).toEqual([1, 2]);
  });

  it.each([
    ['CSRC identifiers', '8200000000000000000000010000000a0000000bcc', 'cc'],
    ['an extension of two words', '90000000000000000000000100010002aabbccdd00112233ee', 'ee'],
    ['an empty extension', '90000000000000000000000100010000ee', 'ee'],
    ['padding', 'a00000000000000000000001ee000003', 'ee'],
    ['nothing behind the header', '800000000000000000000001', ''],
    ['padding alone', 'a0000000000000000000000100000004', ''],
  ])('finds the payload behind %s', (_what, hex, payload) => {
    const { fault, packet } = read(hex);
    expect(fault).toBeNull();
    expect(Buffer.from(packet.payload).toString('hex')).toBe(payload);
  });

  it.each<[string, string, RtpFault]>([
    ['no bytes', '', 'too-short'],
    ['eleven bytes', '8000000000000000000000', 'too-short'],
    ['1501 bytes', `80${'00'.repeat(1_500)}`, 'too-long'],
    ['version 1', '400000000000000000000001', 'wrong-version'],
    ['a receiver report', '80c90001000000010000000100000001', 'rtcp'],
    ['15 CSRC identifiers that are not there', '8f0000000000000000000001', 'csrc-past-end'],
    ['an extension header cut short', '9000000000000000000000010001', 'extension-past-end'],
    [
      'an extension longer than the packet',
      '90000000000000000000000100010001',
      'extension-past-end',
    ],
    ['padding of 255 bytes', 'a000000000000000000000010000ff', 'padding-past-end'],
    ['padding of no bytes', 'a0000000000000000000000100000000', 'padding-past-end'],
  ])('names the fault of %s', (_what, hex, fault) => {
    expect(read(hex).fault).toBe(fault);
  });

  it('keeps the last good packet when the next is broken', () => {
    const packet = new RtpPacket();
    packet.read(Buffer.from(plain, 'hex'));
    packet.read(Buffer.from('8f0000020000000000000001', 'hex'));
    expect(packet.sequence).toBe(65_535);
  });

  it('survives 200,000 datagrams of noise and never reads past their end', () => {
    const packet = new RtpPacket();
    let state = 1;
    const random = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 16;
    };
    const bytes = Buffer.alloc(64);
    for (let i = 0; i < 200_000; i++) {
      for (let at = 0; at < 20; at++) bytes[at] = random();
      // Half of them with the right version, so that the deeper checks are reached.
      if (i % 2 === 0) bytes[0] = 0x80 | (random() & 0x3f);
      const datagram = bytes.subarray(0, random() % 64);
      if (packet.read(datagram) === null) {
        const end = packet.payload.byteOffset + packet.payload.byteLength;
        expect(end).toBeLessThanOrEqual(datagram.byteOffset + datagram.byteLength);
      }
    }
  });
});

describe('writing headers', () => {
  const header = {
    marker: true,
    payloadType: 111,
    sequence: 65_537,
    timestamp: 2 ** 32 + 5,
    ssrc: 7,
  };

  it('writes a plain header whose numbers wrap', () => {
    const bytes = Buffer.alloc(13);
    expect(writeRtpHeader(bytes, header)).toBe(12);
    const packet = new RtpPacket();
    expect(packet.read(bytes)).toBeNull();
    expect(packet).toMatchObject({
      marker: true,
      payloadType: 111,
      sequence: 1,
      timestamp: 5,
      ssrc: 7,
    });
  });

  it.each([
    ['speech', -20, 0x80 | 20],
    ['a quiet line', -70, 70],
    ['digital silence', -127, 127],
    ['more than full scale', 3, 0x80],
  ])('puts the level of %s into the extension (RFC 6464)', (_what, dbov, byte) => {
    const bytes = Buffer.alloc(21);
    expect(writeLevelledRtpHeader(bytes, header, 1, dbov)).toBe(20);
    expect(bytes.subarray(12, 20).toString('hex')).toBe(
      `bede000110${byte.toString(16).padStart(2, '0')}0000`,
    );
    const packet = new RtpPacket();
    expect(packet.read(bytes)).toBeNull();
    expect(packet.payload.length).toBe(1);
  });
});

it.each([
  [191, false],
  [192, true],
  [200, true],
  [223, true],
  [224, false],
])('tells RTCP by its packet type: %i (RFC 5761 §4)', (type, is) => {
  expect(isRtcp(Uint8Array.of(0x80, type))).toBe(is);
});
