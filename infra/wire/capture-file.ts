/** UDP datagrams of a capture file as tcpdump writes it (pcap, Ethernet framing, which loopback has, too), with the time at which the kernel saw each. Pure. */

export interface Datagram {
  /** ms since 1970, by the kernel's clock at the moment the datagram was sent over loopback. */
  readonly atMs: number;
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** What was kept of its bytes. */
  readonly bytes: Buffer;
}

/** IPv4. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

const fileHeaderBytes = 24;
const recordHeaderBytes = 16;
const ethernetHeaderBytes = 14;
const udpHeaderBytes = 8;
const etherTypeIpv4 = 0x0800;
const protocolUdp = 17;
const linkTypeEthernet = 1;
/** First four bytes, in the byte order of this machine, with times in µs or ns. */
const nanosecondsBy = new Map([
  [0xa1b2c3d4, 1_000],
  [0xa1b23c4d, 1],
]);

/**
 * What a capture file holds, in its order. A record that ends half-way, as the last one of a capture that is stopped may, ends the list.
 * @throws Error when it is no such file
 */
export function readCapture(file: Buffer): Datagram[] {
  const unit = file.length < fileHeaderBytes ? undefined : nanosecondsBy.get(file.readUInt32LE(0));
  if (unit === undefined || file.readUInt32LE(20) !== linkTypeEthernet)
    throw new Error('expected a capture in pcap format with Ethernet framing, little-endian');
  const datagrams: Datagram[] = [];
  let at = fileHeaderBytes;
  while (at + recordHeaderBytes <= file.length) {
    const start = at + recordHeaderBytes;
    const end = start + file.readUInt32LE(at + 8);
    if (end > file.length) break;
    const atMs = file.readUInt32LE(at) * 1_000 + (file.readUInt32LE(at + 4) * unit) / 1e6;
    const datagram = readFrame(file.subarray(start, end), atMs);
    if (datagram !== null) datagrams.push(datagram);
    at = end;
  }
  return datagrams;
}

/** null: no whole header of UDP over IPv4. */
function readFrame(frame: Buffer, atMs: number): Datagram | null {
  const ip = frame.subarray(ethernetHeaderBytes);
  if (ip.length < 20 || frame.readUInt16BE(12) !== etherTypeIpv4) return null;
  if (ip.readUInt8(9) !== protocolUdp) return null;
  const udp = ip.subarray(4 * (ip.readUInt8(0) & 0x0f));
  if (udp.length < udpHeaderBytes) return null;
  return {
    atMs,
    from: { address: ip.subarray(12, 16).join('.'), port: udp.readUInt16BE(0) },
    to: { address: ip.subarray(16, 20).join('.'), port: udp.readUInt16BE(2) },
    bytes: udp.subarray(udpHeaderBytes),
  };
}
