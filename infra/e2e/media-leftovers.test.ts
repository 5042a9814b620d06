import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MediaCalls } from './media-calls.ts';
import { ownResources } from './own-resources.ts';
import { eventually } from './routed-stack.ts';

let calls: MediaCalls;
beforeAll(async () => {
  calls = await MediaCalls.start();
});
afterEach(() => calls.closeAll());
afterAll(async () => {
  await calls?.stop();
});

const patience = { firstMediaMs: 30_000, silenceMs: 15_000 };

describe('what is left behind', () => {
  it('nothing, after 50 calls', async () => {
    await calls.joinTalker('churn').then((agent) => agent.play(700));
    const round = async (count: number) => {
      for (let i = 0; i < count; i++) {
        const call = await calls.open();
        await calls.joinRoom(call, 'churn', `caller-${i}`);
        await eventually('audible', () => call.kinds().includes('audible'));
        call.session.connect(patience);
        call.phone.play(440, call.session.local);
        await eventually('audio', () => call.phone.packets.length > 3);
        await call.session.close();
        await call.phone.close();
        calls.closers.length = 1;
      }
      await eventually('ports drained', () => calls.pool.stats().rtpPortsBound === 0);
    };
    // Code that is compiled and caches that fill in the first calls are no leak.
    await round(50);
    const before = ownResources();
    await round(50);
    expect(calls.pool.stats()).toMatchObject({ sessions: 0, rtpPortsBound: 0 });
    // A connection ends, and native memory is let go, when its threads have had their turn.
    const isClean = () => {
      const after = ownResources();
      return (
        after.sockets <= before.sockets &&
        after.files <= before.files + 2 &&
        // 50 calls that each kept a room client would keep megabytes.
        after.heapBytes - before.heapBytes < 50 * 10_000
      );
    };
    await eventually('nothing is left', isClean).catch((error: unknown) =>
      expect(ownResources(), String(error)).toEqual(before),
    );
  });
});
