import { describe, expect, it } from 'vitest';
import { readCapture } from './capture-file.ts';

const microseconds = 0xa1b2c3d4;
const nanoseconds = 0xa1b23c4d;

function header(magic: number, linkType = 1): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32LE(magic, 0);
  bytes.writeUInt32LE(linkType, 20);
  return bytes;
}

/** A record of the file: seconds and fraction, and the bytes of the packet that were kept. */
function record(seconds: number, fraction: number, packet: Buffer): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(seconds, 0);
  bytes.writeUInt32LE(fraction, 4);
  bytes.writeUInt32LE(packet.length, 8);
  bytes.writeUInt32LE(packet.length, 12);
  return Buffer.concat([bytes, packet]);
}

interface Packet {
  readonly etherType?: number;
  readonly protocol?: number;
  /** Words of 32 bit behind the fixed part of the IP header. */
  readonly ipOptions?: number;
}

/** From 127.0.8.3:1000 to 127.0.0.1:2000. */
function udp(payload: string, { etherType = 0x0800, protocol = 17, ipOptions = 0 }: Packet = {}) {
  const ethernet = Buffer.alloc(14);
  ethernet.writeUInt16BE(etherType, 12);
  const ip = Buffer.alloc(20 + 4 * ipOptions);
  ip.writeUInt8(0x45 + ipOptions, 0);
  ip.writeUInt8(protocol, 9);
  ip.set([127, 0, 8, 3], 12);
  ip.set([127, 0, 0, 1], 16);
  const ports = Buffer.alloc(8);
  ports.writeUInt16BE(1_000, 0);
  ports.writeUInt16BE(2_000, 2);
  return Buffer.concat([ethernet, ip, ports, Buffer.from(payload)]);
}

const read = (...parts: readonly Buffer[]) => readCapture(Buffer.concat(parts));

describe('a capture file', () => {
  it.each([
    ['microseconds', microseconds, 250_500],
    ['nanoseconds', nanoseconds, 250_500_000],
  ])('gives each datagram with the time of the kernel, in %s', (_name, magic, fraction) => {
    const [datagram, ...more] = read(header(magic), record(1_700_000_000, fraction, udp('hello')));
    expect(more).toEqual([]);
    expect(datagram).toMatchObject({
      from: { address: '127.0.8.3', port: 1_000 },
      to: { address: '127.0.0.1', port: 2_000 },
    });
    expect(datagram?.bytes.toString()).toBe('hello');
    expect(datagram?.atMs).toBeCloseTo(1_700_000_000_250.5, 3);
  });

  it('gives the datagram behind options of IP', () => {
    const [datagram] = read(header(microseconds), record(1, 0, udp('hello', { ipOptions: 2 })));
    expect(datagram?.bytes.toString()).toBe('hello');
  });

  it.each([
    ['of another protocol of IP', udp('tcp', { protocol: 6 })],
    ['that is no IPv4', udp('arp', { etherType: 0x0806 })],
    ['cut in its headers', udp('').subarray(0, 40)],
  ])('leaves out a packet %s', (_what, packet) => {
    const rest = record(2, 0, udp('rest'));
    const datagrams = read(header(microseconds), record(1, 0, packet), rest);
    expect(datagrams.map(({ bytes }) => bytes.toString())).toEqual(['rest']);
  });

  it('ends where its last record is cut, as a capture that is stopped may', () => {
    const file = Buffer.concat([
      header(microseconds),
      record(1, 0, udp('whole')),
      record(2, 0, udp('cut')),
    ]);
    const datagrams = readCapture(file.subarray(0, -1));
    expect(datagrams.map(({ bytes }) => bytes.toString())).toEqual(['whole']);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['another format', Buffer.alloc(24, 'x')],
    ['another framing', header(microseconds, 113)],
  ])('is refused when it holds %s', (_what, file) => {
    expect(() => readCapture(file)).toThrow('expected a capture in pcap format');
  });
});
