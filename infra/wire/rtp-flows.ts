/** RTP as it passes on the wire: packets by stream, how even they are, and how long one was held between two streams that carry the same. SRTP is read as well: its header is in the clear. Pure. */
import { isRtcp, rtpHeaderBytes } from '../../media-node/src/media/rtp/rtp-packet.ts';
import type { Datagram, Endpoint } from './capture-file.ts';

export interface RtpPassing {
  /** ms since 1970. */
  readonly atMs: number;
  readonly sequence: number;
}

export interface RtpFlow {
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** In the order of their times; at least one. */
  readonly packets: readonly RtpPassing[];
}

/** A stretch of time, ms since 1970. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The streams among datagrams, in the order in which they begin. */
export function rtpFlows(datagrams: readonly Datagram[]): RtpFlow[] {
  const flows = new Map<string, Omit<RtpFlow, 'packets'> & { readonly packets: RtpPassing[] }>();
  for (const { atMs, from, to, bytes } of datagrams) {
    if (!isRtp(bytes)) continue;
    const ssrc = bytes.readUInt32BE(8);
    const name = `${from.address}:${from.port} ${to.address}:${to.port} ${ssrc}`;
    const flow = flows.get(name) ?? { from, to, packets: [] };
    flow.packets.push({ atMs, sequence: bytes.readUInt16BE(2) });
    flows.set(name, flow);
  }
  return [...flows.values()];
}

/** When a stream begins, ms since 1970. */
export function beginOf(flow: RtpFlow): number {
  return flow.packets[0]?.atMs ?? Number.POSITIVE_INFINITY;
}

/** Times between one packet and the next, ms. */
export function gapsWithin(flow: RtpFlow, stretch: Stretch): number[] {
  const times = within(flow, stretch).map(({ atMs }) => atMs);
  return times.slice(1).map((at, i) => at - (times[i] ?? at));
}

/**
 * How long packets were held between a stream that came and the one that it left as, ms. Sequence numbers of the two differ by the same in all packets, as long as nothing is put in or left out; those
 * for which they do not are not counted.
 */
export function heldWithin(came: RtpFlow, left: RtpFlow, stretch: Stretch): number[] {
  const arrivals = within(came, stretch);
  const departures = within(left, stretch);
  const distance = usualDistance(arrivals, departures);
  const cameAt = new Map(arrivals.map(({ sequence, atMs }) => [sequence, atMs]));
  const held: number[] = [];
  for (const { sequence, atMs } of departures) {
    const at = cameAt.get((sequence - distance) & 0xffff);
    if (at !== undefined && at <= atMs) held.push(atMs - at);
  }
  return held;
}

/** Between the sequence number of a packet and that of the newest one before it on the other side: what most of them have. */
function usualDistance(arrivals: readonly RtpPassing[], departures: readonly RtpPassing[]): number {
  const counts = new Map<number, number>();
  let next = 0;
  for (const { atMs, sequence } of departures) {
    while ((arrivals[next]?.atMs ?? Number.POSITIVE_INFINITY) <= atMs) next += 1;
    const newest = arrivals[next - 1];
    if (newest === undefined) continue;
    const distance = (sequence - newest.sequence) & 0xffff;
    counts.set(distance, (counts.get(distance) ?? 0) + 1);
  }
  const [most] = [...counts].toSorted(([, one], [, other]) => other - one);
  return most?.[0] ?? 0;
}

function within({ packets }: RtpFlow, { fromMs, toMs }: Stretch): readonly RtpPassing[] {
  return packets.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
}

/** Version 2 and no RTCP; STUN and DTLS on the same port begin otherwise. RFC 7983 §7. */
function isRtp(bytes: Buffer): boolean {
  return bytes.length >= rtpHeaderBytes && bytes.readUInt8(0) >> 6 === 2 && !isRtcp(bytes);
}
