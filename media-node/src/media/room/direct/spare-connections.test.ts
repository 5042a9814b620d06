import { roomLimits } from '@callgate/shared/limits.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../clock.fake.ts';
import { systemClock } from '../../../clock.ts';
import type { ConnectionOptions, RoomConnection } from './room-connection.ts';
import { SpareConnections } from './spare-connections.ts';

const wanted: ConnectionOptions = {
  codec: 'opus',
  bindAddress: '127.0.0.1',
  relay: null,
  receivers: roomLimits.receivedTracksFirst,
};

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function keepSpares() {
  const clock = new FakeClock();
  const spare = new SpareConnections(clock, '127.0.0.1');
  // The fake clock would not let go of what does not close in time.
  closers.push(() => spare.close());
  return { clock, spare };
}

/** Native threads gather: the moment in which they are done is theirs. */
async function ready(
  spare: SpareConnections,
  options = wanted,
  before = () => {},
): Promise<RoomConnection> {
  const deadlineMono = systemClock.nowMono() + 20_000;
  while (systemClock.nowMono() < deadlineMono) {
    before();
    const connection = spare.take(options);
    if (connection !== null) {
      closers.push(() => connection.close());
      return connection;
    }
    await new Promise((settle) => setTimeout(settle, 5));
  }
  throw new Error('no connection was ready in 20 s');
}

describe('spare connections', () => {
  it('have their offers, with a candidate in them, before they are asked for', async () => {
    const { spare } = keepSpares();
    const offers: string[] = [];
    (await ready(spare)).offer((sdp) => offers.push(sdp));
    expect(offers).toHaveLength(1);
    expect(offers[0]).toMatch(/^a=candidate:.* 127\.0\.0\.1 \d+ typ host/m);
  });

  it('are given out once each, and made again a moment later', async () => {
    const { spare, clock } = keepSpares();
    const first = await ready(spare);
    expect(spare.take(wanted)).toBeNull();
    clock.advance(roomLimits.refillMs);
    const second = await ready(spare);
    expect(second).not.toBe(first);
    expect(second.trackCid).not.toBe(first.trackCid);
  });

  it('are several, so that two joins can come at once', async () => {
    const { spare, clock } = keepSpares();
    clock.advance(roomLimits.refillMs * (roomLimits.connectionsAhead - 1));
    const taken = new Set<RoomConnection>();
    for (let i = 0; i < roomLimits.connectionsAhead; i++) taken.add(await ready(spare));
    expect(taken.size).toBe(roomLimits.connectionsAhead);
    expect(spare.take(wanted)).toBeNull();
  });

  it.each([
    ['another codec', { codec: 'PCMU' }],
    ['another address', { bindAddress: '127.0.0.2' }],
    ['a relay', { relay: [] }],
    ['another number of sections', { receivers: 0 }],
  ] as const)('are not given to who wants %s', async (_what, other) => {
    const { spare } = keepSpares();
    // Asked just before each look whether one is ready.
    await ready(spare, wanted, () => expect(spare.take({ ...wanted, ...other })).toBeNull());
  });

  it('are of the kind that was wanted last', async () => {
    const { spare, clock } = keepSpares();
    const passed: ConnectionOptions = { ...wanted, codec: 'PCMU' };
    expect(spare.take(passed)).toBeNull();
    clock.advance(roomLimits.refillMs);
    const offers: string[] = [];
    (await ready(spare, passed)).offer((sdp) => offers.push(sdp));
    expect(offers[0]).toMatch(/^m=audio \d+ \S+ 0 111 8\r?$/m);
  });

  it('are made anew when nobody has taken them for two minutes', async () => {
    const { spare, clock } = keepSpares();
    clock.advance(120_000);
    expect((await ready(spare)).isReady).toBe(true);
  });

  it('leave no timer and are not made again once they are closed', async () => {
    const { spare, clock } = keepSpares();
    await spare.close();
    expect(spare.take(wanted)).toBeNull();
    clock.advance(1_000_000);
    expect(spare.take(wanted)).toBeNull();
    expect(clock.pending).toBe(0);
  });
});
