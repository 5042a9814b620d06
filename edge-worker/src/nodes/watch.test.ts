import { linkLimits } from '@callgate/shared/limits.ts';
import { describe, expect, it } from 'vitest';
import { look, type Watch } from './watch.ts';

const { lostMs, watchMs } = linkLimits;
const began: Watch = { node: 'fra-1', lookedAtMs: 1_000_000, heardAtMs: 1_000_000 };

/** Looks every watchMs at a node that is heard until `silentAtMs`; how long after that it is found to be lost. */
function foundLostAfterMs(silentAtMs: number, patienceMs: number = lostMs): number {
  let watch: Watch | null = began;
  for (let now = began.lookedAtMs + watchMs; ; now += watchMs) {
    watch = look(watch, Math.min(now, silentAtMs), now, patienceMs);
    if (watch === null) return now - silentAtMs;
  }
}

describe('the watch over a node with calls', () => {
  it('finds a node that falls silent to be lost within 10 s, and not before two pings have failed', () => {
    for (const silentAtMs of [0, 500, 1_999, 60_000].map((ms) => began.heardAtMs + ms)) {
      const afterMs = foundLostAfterMs(silentAtMs);
      expect(afterMs).toBeGreaterThanOrEqual(linkLimits.pingMs * 2);
      expect(afterMs).toBeLessThanOrEqual(10_000);
    }
  });

  it('is as patient as the operator wants', () => {
    const afterMs = foundLostAfterMs(began.heardAtMs, 60_000);
    expect(afterMs).toBeGreaterThanOrEqual(60_000);
    expect(afterMs).toBeLessThanOrEqual(60_000 + watchMs);
  });

  it('gives a node whose link is gone the same time to come back', () => {
    const almost = look(
      { ...began, lookedAtMs: began.heardAtMs + lostMs - watchMs },
      null,
      began.heardAtMs + lostMs - 1,
      lostMs,
    );
    expect(almost).not.toBeNull();
    expect(
      look(
        { ...began, lookedAtMs: began.heardAtMs + lostMs - watchMs },
        null,
        began.heardAtMs + lostMs,
        lostMs,
      ),
    ).toBeNull();
  });

  it('begins anew after the edge itself was away', () => {
    const back = began.lookedAtMs + 600_000;
    const watch = look(began, null, back, lostMs);
    expect(watch).toEqual({ node: 'fra-1', lookedAtMs: back, heardAtMs: back });
  });
});
