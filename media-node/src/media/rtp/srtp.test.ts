import { createCipheriv, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { writeRtpHeader } from './rtp-packet.ts';
import { Srtp } from './srtp.ts';
import { deriveKeys, type SrtpSuite, suiteShapes } from './srtp-keys.ts';

const suites = Object.keys(suiteShapes) as SrtpSuite[];

function masterOf(suite: SrtpSuite): Buffer {
  const { keyBytes, saltBytes } = suiteShapes[suite];
  return randomBytes(keyBytes + saltBytes);
}

function packetOf(sequence: number, payload = 'a payload of an RTP packet'): Buffer {
  const packet = Buffer.alloc(12 + payload.length);
  writeRtpHeader(packet, {
    marker: false,
    payloadType: 0,
    sequence,
    timestamp: sequence * 160,
    ssrc: 7,
  });
  packet.write(payload, 12);
  return packet;
}

const rtcp = Buffer.from('80c90001deadbeef81ca0002deadbeef0102000000', 'hex');

it('derives the keys of RFC 3711 appendix B.3', () => {
  const master = Buffer.from('E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6', 'hex');
  const keys = deriveKeys('AES_CM_128_HMAC_SHA1_80', master, 'rtp');
  expect(keys.cipher.toString('hex')).toBe('c61e7a93744f39ee10734afe3ff7a087');
  expect(keys.salt.toString('hex')).toBe('30cbbc08863d8c85d49db34a9ae1');
  expect(keys.authentication.toString('hex')).toBe('cebe321f6ff7716b6fd4ab49af256a156d38baa4');
});

it('has the counter blocks of RFC 3711 §4.1.1: decrypting by hand gives the payload back', () => {
  const suite = 'AES_CM_128_HMAC_SHA1_80';
  const master = masterOf(suite);
  const keys = deriveKeys(suite, master, 'rtp');
  const protectedPacket = new Srtp(suite, master).protect(packetOf(0x1234));
  const iv = Buffer.concat([keys.salt, Buffer.alloc(2)]);
  iv.writeUInt32BE((iv.readUInt32BE(4) ^ 7) >>> 0, 4);
  iv.writeUInt16BE(iv.readUInt16BE(12) ^ 0x1234, 12);
  const plain = createCipheriv('aes-128-ctr', keys.cipher, iv).update(
    protectedPacket.subarray(12, -10),
  );
  expect(plain.toString()).toBe('a payload of an RTP packet');
});

it.each(suites)('%s refuses a master key of another length', (suite) => {
  expect(() => new Srtp(suite, randomBytes(17))).toThrow(/has 17 bytes; expected (28|30|44)/);
});

describe.each(suites)('%s', (suite) => {
  const { tagBytes } = suiteShapes[suite];

  function pair(): { sender: Srtp; receiver: Srtp } {
    const master = masterOf(suite);
    return { sender: new Srtp(suite, master), receiver: new Srtp(suite, master) };
  }

  it('gives back what was protected, and hides it', () => {
    const { sender, receiver } = pair();
    const sent = sender.protect(packetOf(1));
    expect(sent.length).toBe(packetOf(1).length + tagBytes);
    expect(sent.includes('payload')).toBe(false);
    expect(receiver.unprotect(sent)).toEqual(packetOf(1));
  });

  it('leaves CSRC identifiers and a header extension in the clear', () => {
    const { sender, receiver } = pair();
    const header = '91000001000000020000000700000009bede000110850000';
    const packet = Buffer.concat([Buffer.from(header, 'hex'), Buffer.from('secret')]);
    const sent = sender.protect(packet);
    expect(sent.toString('hex').startsWith(header)).toBe(true);
    expect(receiver.unprotect(sent)).toEqual(packet);
  });

  it('follows the sequence number over its wrap, also with losses and reorder there', () => {
    const { sender, receiver } = pair();
    const sequences = [65_533, 65_534, 65_535, 65_536, 65_537, 65_540, 131_072, 131_073];
    const sent = sequences.map((sequence) => sender.protect(packetOf(sequence & 0xffff)));
    // The jump of a whole circle cannot be followed by anybody: it stays out.
    for (const order of [0, 1, 3, 2, 4, 5]) {
      const sequence = (sequences[order] ?? 0) & 0xffff;
      expect(receiver.unprotect(sent[order] ?? Buffer.alloc(0))).toEqual(packetOf(sequence));
    }
  });

  it.each([
    ['header', 3],
    ['payload', 15],
    ['tag', -1],
  ])('refuses a packet with a changed %s, and learns nothing from it', (_where, at) => {
    const { sender, receiver } = pair();
    const sent = sender.protect(packetOf(1));
    const forged = Buffer.from(sent);
    const index = at < 0 ? forged.length + at : at;
    forged[index] = (forged[index] ?? 0) ^ 1;
    expect(receiver.unprotect(forged)).toBeNull();
    expect(receiver.unprotect(sent)).toEqual(packetOf(1));
  });

  it('refuses replays inside and behind the window', () => {
    const { sender, receiver } = pair();
    const sent = Array.from({ length: 100 }, (_, i) => sender.protect(packetOf(i)));
    for (const packet of sent) expect(receiver.unprotect(packet)).not.toBeNull();
    for (const packet of sent) expect(receiver.unprotect(packet)).toBeNull();
  });

  it('survives a flood of 2,000 packets with a wrong key, and goes on', () => {
    const { sender, receiver } = pair();
    receiver.unprotect(sender.protect(packetOf(1)));
    const attacker = pair().sender;
    for (let i = 2; i < 2_002; i++)
      expect(receiver.unprotect(attacker.protect(packetOf(i)))).toBeNull();
    expect(receiver.unprotect(sender.protect(packetOf(2)))).toEqual(packetOf(2));
  });

  it.each([0, 1, 11, 12, 20])('refuses %i bytes', (length) => {
    const { receiver } = pair();
    expect(receiver.unprotect(Buffer.alloc(length, 0x80))).toBeNull();
    expect(receiver.unprotectRtcp(Buffer.alloc(length, 0x80))).toBeNull();
  });

  it('protects RTCP, refuses changes, replays and what is in the clear', () => {
    const { sender, receiver } = pair();
    const sent = sender.protectRtcp(rtcp);
    const forged = Buffer.from(sent);
    forged[10] = (forged[10] ?? 0) ^ 1;
    expect(receiver.unprotectRtcp(forged)).toBeNull();
    expect(receiver.unprotectRtcp(sent)).toEqual(rtcp);
    expect(receiver.unprotectRtcp(sent)).toBeNull();
    expect(receiver.unprotectRtcp(sender.protectRtcp(rtcp))).toEqual(rtcp);
    expect(receiver.unprotectRtcp(Buffer.concat([rtcp, Buffer.alloc(40)]))).toBeNull();
  });
});
