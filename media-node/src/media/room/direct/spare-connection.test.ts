import { roomLimits } from '@callgate/shared/limits.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../clock.fake.ts';
import { systemClock } from '../../../clock.ts';
import type { ConnectionOptions, RoomConnection } from './room-connection.ts';
import { SpareConnection } from './spare-connection.ts';

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

function keepSpare() {
  const clock = new FakeClock();
  const spare = new SpareConnection(clock, '127.0.0.1');
  // The fake clock would not let go of what does not close in time.
  closers.push(() => spare.close());
  return { clock, spare };
}

/** Native threads gather: the moment in which they are done is theirs. */
async function ready(
  spare: SpareConnection,
  options = wanted,
  before = () => {},
): Promise<RoomConnection> {
  const deadlineMono = systemClock.nowMono() + 5_000;
  while (systemClock.nowMono() < deadlineMono) {
    before();
    const connection = spare.take(options);
    if (connection !== null) {
      closers.push(() => connection.close());
      return connection;
    }
    await new Promise((settle) => setTimeout(settle, 5));
  }
  throw new Error('no connection was ready in 5 s');
}

describe('the spare connection', () => {
  it('has its offer, with a candidate in it, before it is asked for', async () => {
    const { spare } = keepSpare();
    const offers: string[] = [];
    (await ready(spare)).offer((sdp) => offers.push(sdp));
    expect(offers).toHaveLength(1);
    expect(offers[0]).toMatch(/^a=candidate:.* 127\.0\.0\.1 \d+ typ host/m);
  });

  it('is given out once, and made anew a while later', async () => {
    const { spare, clock } = keepSpare();
    const first = await ready(spare);
    expect(spare.take(wanted)).toBeNull();
    clock.advance(250);
    const second = await ready(spare);
    expect(second).not.toBe(first);
    expect(second.trackCid).not.toBe(first.trackCid);
  });

  it.each([
    ['another codec', { codec: 'PCMU' }],
    ['another address', { bindAddress: '127.0.0.2' }],
    ['a relay', { relay: [] }],
    ['another number of sections', { receivers: 0 }],
  ] as const)('is not given to who wants %s', async (_what, other) => {
    const { spare } = keepSpare();
    // Asked just before each look whether one is ready.
    await ready(spare, wanted, () => expect(spare.take({ ...wanted, ...other })).toBeNull());
  });

  it('is of the kind that was wanted last', async () => {
    const { spare, clock } = keepSpare();
    const passed: ConnectionOptions = { ...wanted, codec: 'PCMU' };
    expect(spare.take(passed)).toBeNull();
    clock.advance(250);
    const offers: string[] = [];
    (await ready(spare, passed)).offer((sdp) => offers.push(sdp));
    expect(offers[0]).toMatch(/^m=audio \d+ \S+ 0 111 8\r?$/m);
  });

  it('is made anew when nobody has taken it for two minutes', async () => {
    const { spare, clock } = keepSpare();
    clock.advance(120_000);
    expect((await ready(spare)).isReady).toBe(true);
  });

  it('leaves no timer and takes nothing up again when it is closed', async () => {
    const { spare, clock } = keepSpare();
    await spare.close();
    expect(spare.take(wanted)).toBeNull();
    clock.advance(1_000_000);
    expect(spare.take(wanted)).toBeNull();
    expect(clock.pending).toBe(0);
  });
});
