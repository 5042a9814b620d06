/** A source that a call was let in of may ask as often as it likes, and not guess. */
import { strangerLimits } from '@callgate/shared/limits.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../clock.fake.ts';
import { endpointBench } from '../endpoint-bench.fake.ts';
import { Guesses } from './guesses.ts';

const carrier = '192.0.2.7';
const { failuresMax, failuresSlowed, failuresMaxOfKnown, failuresMs, sourcesMax } = strangerLimits;

let clock: FakeClock;
let guesses: Guesses;
beforeEach(() => {
  clock = new FakeClock();
  guesses = new Guesses(clock);
});

function fail(name: string, times: number, address = carrier): void {
  for (let time = 0; time < times; time += 1) guesses.failed(address, name);
}
/** How many of so many requests at once pass. */
function passed(name: string, times: number, address = carrier): number {
  const rules = Array.from({ length: times }, () => guesses.judge(address, name));
  return rules.filter((rule) => rule === null).length;
}

describe('wrong credentials of a known source', () => {
  it('that are few cost nothing', () => {
    fail('alice', failuresSlowed - 1);
    expect(passed('alice', 1_000)).toBe(1_000);
  });

  it('slow the name down, and no other', () => {
    fail('alice', failuresSlowed);
    expect(passed('alice', 100)).toBe(2);
    clock.advance(2_000);
    expect(passed('alice', 100)).toBe(1);
    expect(passed('bob', 100)).toBe(100);
    expect(passed('alice', 100, '192.0.2.8')).toBe(100);
  });

  it('are forgiven when they are old', () => {
    fail('alice', failuresSlowed);
    clock.advance(failuresMs);
    expect(passed('alice', 100)).toBe(100);
  });

  it('silence the name for ten minutes, also one that was let in before: a good call buys no guesses', () => {
    guesses.letIn(carrier, 'alice');
    fail('alice', failuresMax - 1);
    guesses.letIn(carrier, 'alice');
    fail('alice', 1);
    expect(guesses.judge(carrier, 'alice')).toBe('too-many-failures');
    expect(passed('bob', 100)).toBe(100);
    clock.advance(failuresMs);
    expect(guesses.judge(carrier, 'alice')).toBeNull();
  });

  it('for name after name silence all names but those that were let in', () => {
    guesses.letIn(carrier, 'trunk');
    for (let index = 0; index < failuresMaxOfKnown; index += 1) fail(`user${index}`, 1);
    expect(guesses.judge(carrier, 'another')).toBe('too-many-failures');
    expect(passed('trunk', 100)).toBe(100);
    expect(passed('another', 1, '192.0.2.8')).toBe(1);
    clock.advance(failuresMs);
    expect(guesses.judge(carrier, 'another')).toBeNull();
  });

  it('are remembered of so many names at most', () => {
    for (let index = 0; index < sourcesMax + 10; index += 1) fail(`user${index}`, 1);
    expect(guesses.size).toBe(sourcesMax);
  });
});

describe('through the endpoint, a source that a call was let in of', () => {
  const challenge = (...stale: string[]) => ({
    status: 407,
    phrase: 'Proxy Authentication Required',
    headers: [{ name: 'Proxy-Authenticate', value: ['Digest realm="r"', ...stale].join(', ') }],
  });

  /** The first call rings, all others are challenged; INVITEs of the named user follow, each after a challenge of its own when that is asked for. */
  async function tried(
    times: number,
    options: { readonly isChallenged?: boolean; readonly isStale?: boolean } = {},
  ) {
    const { isChallenged = true, isStale = false } = options;
    const bench = await endpointBench((call) =>
      bench.calls.length <= 1
        ? call.provisional({ status: 180, phrase: 'Ringing' })
        : call.refuse(isStale ? challenge('stale=true') : challenge()),
    );
    bench.request();
    const before = bench.calls.length;
    let withCredentials = 0;
    const invite = (number: number, callId: string, headers: Readonly<Record<string, string>>) =>
      bench.request({ number, branch: `z9hG4bK${callId}${number}`, callId, headers });
    for (let index = 0; index < times; index += 1) {
      const callId = `guess${index}`;
      if (isChallenged) invite(1, callId, {});
      const earlier = bench.calls.length;
      invite(2, callId, { 'Proxy-Authorization': 'Digest username="alice", response="x"' });
      withCredentials += bench.calls.length - earlier;
    }
    return { all: bench.calls.length - before, withCredentials };
  }

  it('is slowed when it guesses, and may go on without credentials', async () => {
    // Five judged, two more at once; each has a challenge of its own.
    expect(await tried(40)).toEqual({ all: 47, withCredentials: 7 });
  });

  it('is not when it brings a nonce of another call, of which no password is judged', async () => {
    expect(await tried(40, { isChallenged: false })).toMatchObject({ withCredentials: 40 });
  });

  it('is not when its credentials were right and late', async () => {
    expect(await tried(40, { isStale: true })).toMatchObject({ withCredentials: 40 });
  });
});
