/**
 * Which streams on the wire belong to one call: as it was said in the room, as it came to the bridge, as it left the bridge for the phone. Calls are placed one after the other, each after somebody has begun to
 * speak in its room, and three addresses tell the three places apart: that of who speaks, that of the bridge toward LiveKit, that of the phones. Pure.
 */
import { Distribution } from '../bench/distribution.ts';
import { beginOf, gapsWithin, heldWithin, type RtpFlow, type Stretch } from './rtp-flows.ts';

export interface WatchedAddresses {
  /** Of those who speak in the rooms of these calls, and nobody else. */
  readonly speakers: string;
  /** That the bridge hears LiveKit at. */
  readonly bridge: string;
  /** Of the phones of these calls, and nobody else. */
  readonly phones: string;
}

export interface WatchedCall {
  readonly said: RtpFlow;
  readonly came: RtpFlow;
  readonly left: RtpFlow;
}

/** All calls together, ms. */
export interface CallPacing {
  /** Between packets as they are said, as they come to the bridge and as they leave it. */
  readonly said: Distribution;
  readonly came: Distribution;
  readonly left: Distribution;
  /** How long a packet is with LiveKit, and with the bridge. */
  readonly heldByLivekit: Distribution;
  readonly heldByBridge: Distribution;
}

/** tcpdump's filter for what `watchedCalls` needs. */
export function watchedFilter({ speakers, bridge, phones }: WatchedAddresses): string {
  return `udp and (src host ${speakers} or dst host ${bridge} or dst host ${phones})`;
}

/**
 * The calls whose streams can be told from all others: between one speaker's beginning and the next exactly one stream begins on either side of the bridge.
 * @param allUpMs when the last of them was up, ms since 1970: what begins later belongs to others
 */
export function watchedCalls(
  flows: readonly RtpFlow[],
  { speakers, bridge, phones }: WatchedAddresses,
  allUpMs: number,
): WatchedCall[] {
  const said = flows.filter(({ from }) => from.address === speakers);
  return said.flatMap((one, i) => {
    const next = said[i + 1];
    const untilMs = next === undefined ? allUpMs : beginOf(next);
    const begun = flows.filter((flow) => beginOf(flow) > beginOf(one) && beginOf(flow) < untilMs);
    const [came, ...otherCame] = begun.filter(({ to }) => to.address === bridge);
    const [left, ...otherLeft] = begun.filter(({ to }) => to.address === phones);
    const isClear = otherCame.length === 0 && otherLeft.length === 0;
    return came === undefined || left === undefined || !isClear ? [] : [{ said: one, came, left }];
  });
}

export function pacingWithin(calls: readonly WatchedCall[], stretch: Stretch): CallPacing {
  const all = (valuesOf: (call: WatchedCall) => readonly number[]) => {
    const distribution = new Distribution();
    for (const call of calls) for (const value of valuesOf(call)) distribution.add(value);
    return distribution;
  };
  return {
    said: all(({ said }) => gapsWithin(said, stretch)),
    came: all(({ came }) => gapsWithin(came, stretch)),
    left: all(({ left }) => gapsWithin(left, stretch)),
    heldByLivekit: all(({ said, came }) => heldWithin(said, came, stretch)),
    heldByBridge: all(({ came, left }) => heldWithin(came, left, stretch)),
  };
}
