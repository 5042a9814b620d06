import { roomLimits } from '@callgate/shared/limits.ts';
import { describe, expect, it } from 'vitest';
import { PathWatch } from './path-watch.ts';

/** Packets of each second, sent and heard. @returns the second in which the way was found dead, from 1; null: never */
function deadAfter(seconds: readonly (readonly [sent: number, heard: number])[]): number | null {
  const watch = new PathWatch();
  const traffic = { sent: 0, heard: 0 };
  for (const [index, [sent, heard]] of seconds.entries()) {
    traffic.sent += sent;
    traffic.heard += heard;
    if (watch.second({ ...traffic })) return index + 1;
  }
  return null;
}

const times = (count: number, second: readonly [number, number]) =>
  Array.from({ length: count }, () => second);
const limit = roomLimits.unansweredS;

describe('the way to the server', () => {
  it.each([
    ['both ways', times(60, [50, 50]), null],
    ['nothing but a report a second comes back', times(60, [50, 1]), null],
    [
      'a report is late',
      [...times(limit - 1, [50, 0]), [50, 1], ...times(limit - 1, [50, 0])],
      null,
    ],
    ['nothing is sent, and nothing comes', times(60, [0, 0]), null],
    ['nothing comes back from the beginning', times(60, [50, 0]), limit],
    ['nothing comes back any more', [...times(10, [50, 50]), ...times(60, [50, 0])], 10 + limit],
    [
      'what is sent now and then is not answered',
      Array.from({ length: 60 }, (_, second) => [second % 2, 0] as const),
      limit * 2,
    ],
  ] as const)('is dead or alive: %s', (_what, seconds, dead) => {
    expect(deadAfter(seconds)).toBe(dead);
  });
});
