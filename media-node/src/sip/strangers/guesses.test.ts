/** A source that a call was let in of may ask as often as it likes, and not guess. */
import { strangerLimits } from '@callgate/shared/limits.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../clock.fake.ts';
import { endpointBench } from '../endpoint-bench.fake.ts';
import { type Guesser, Guesses } from './guesses.ts';

const carrier = '192.0.2.7';
const { failuresMax, failuresSlowed, failuresMaxOfKnown, failuresMs, sourcesMax } = strangerLimits;

let clock: FakeClock;
let guesses: Guesses;
beforeEach(() => {
  clock = new FakeClock();
  guesses = new Guesses(clock);
});

const of = (name: string, changes: Partial<Guesser> = {}): Guesser => ({
  address: carrier,
  name,
  phone: 'a phone',
  ...changes,
});

function fail(guesser: Guesser, times: number): void {
  for (let time = 0; time < times; time += 1) guesses.failed(guesser);
}
/** How many of so many requests at once pass. */
function passed(guesser: Guesser, times: number): number {
  const rules = Array.from({ length: times }, () => guesses.judge(guesser));
  return rules.filter((rule) => rule === null).length;
}

describe('wrong credentials of a known source', () => {
  it('that are few cost nothing', () => {
    fail(of('alice'), failuresSlowed - 1);
    expect(passed(of('alice'), 1_000)).toBe(1_000);
  });

  it('slow the name down, and no other', () => {
    fail(of('alice'), failuresSlowed);
    expect(passed(of('alice'), 100)).toBe(2);
    clock.advance(2_000);
    expect(passed(of('alice'), 100)).toBe(1);
    expect(passed(of('bob'), 100)).toBe(100);
    expect(passed(of('alice', { address: '192.0.2.8' }), 100)).toBe(100);
  });

  it('are forgiven when they are old', () => {
    fail(of('alice'), failuresSlowed);
    clock.advance(failuresMs);
    expect(passed(of('alice'), 100)).toBe(100);
  });

  it('silence the name for ten minutes, whatever phone they come from', () => {
    for (let time = 0; time < failuresMax; time += 1) fail(of('alice', { phone: `${time}` }), 1);
    expect(guesses.judge(of('alice'))).toBe('too-many-failures');
    expect(passed(of('bob'), 100)).toBe(100);
    clock.advance(failuresMs);
    expect(guesses.judge(of('alice'))).toBeNull();
  });

  it('silence no phone that was let in under the name: its credentials still pass', () => {
    guesses.letIn(of('alice', { phone: 'of alice' }));
    fail(of('alice', { phone: 'of a guesser' }), failuresMax);
    expect(guesses.judge(of('alice', { phone: 'of a guesser' }))).toBe('too-many-failures');
    expect(passed(of('alice', { phone: 'of alice' }), 100)).toBe(100);
  });

  it('are counted of a phone that was let in like of a name: a good call buys no guesses', () => {
    guesses.letIn(of('alice'));
    fail(of('alice'), failuresSlowed);
    expect(passed(of('alice'), 100)).toBe(2);
    guesses.letIn(of('alice'));
    fail(of('alice'), failuresMax - failuresSlowed);
    expect(guesses.judge(of('alice'))).toBe('too-many-failures');
    clock.advance(failuresMs);
    expect(guesses.judge(of('alice'))).toBeNull();
  });

  it('for name after name silence all names but those that were let in', () => {
    guesses.letIn(of('trunk'));
    for (let index = 0; index < failuresMaxOfKnown; index += 1) fail(of(`user${index}`), 1);
    expect(guesses.judge(of('another'))).toBe('too-many-failures');
    expect(passed(of('trunk'), 100)).toBe(100);
    expect(passed(of('trunk', { phone: 'another' }), 100)).toBe(100);
    expect(passed(of('another', { address: '192.0.2.8' }), 1)).toBe(1);
    clock.advance(failuresMs);
    expect(guesses.judge(of('another'))).toBeNull();
  });

  it('are remembered of so many names at most', () => {
    for (let index = 0; index < sourcesMax + 10; index += 1) fail(of(`user${index}`), 1);
    expect(guesses.size).toBe(sourcesMax);
  });
});

describe('a phone', () => {
  it('is familiar once it was let in under the name, until it fails often', () => {
    expect(guesses.isFamiliar(of('alice'))).toBe(false);
    guesses.letIn(of('alice'));
    expect(guesses.isFamiliar(of('alice'))).toBe(true);
    expect(guesses.isFamiliar(of('alice', { phone: 'another' }))).toBe(false);
    expect(guesses.isFamiliar(of('bob'))).toBe(false);
    fail(of('alice'), failuresSlowed);
    expect(guesses.isFamiliar(of('alice'))).toBe(false);
  });
});

describe('through the endpoint, a source that a call was let in of', () => {
  const challenge = {
    status: 407,
    phrase: 'Proxy Authentication Required',
    headers: [{ name: 'Proxy-Authenticate', value: 'Digest realm="r"' }],
  };
  const ringing = { status: 180, phrase: 'Ringing' };

  /** The password of alice is "right"; whether what else comes counts as a guess is the edge's verdict. */
  async function carrierBench({ isGuess = true } = {}) {
    const bench = await endpointBench((call) => {
      const { callId, credentials } = call.invite;
      const response = /response="(\w+)"/.exec(credentials?.value ?? '')?.[1];
      if (response === 'right') call.credentialsAreRight();
      const isLetIn = callId === 'first' || response === 'right' || response === 'unasked';
      if (isLetIn) call.provisional(ringing);
      else call.refuse(challenge, response !== undefined && isGuess);
    });
    bench.request({ callId: 'first', branch: 'z9hG4bKfirst' });
    let calls = 0;
    /** An INVITE of alice, challenged, and then with this response; @returns whether it reached the call, and was familiar */
    const attempt = (response: string, program: string) => {
      calls += 1;
      const callId = `call${calls}`;
      const invite = (number: number, headers: Readonly<Record<string, string>>) =>
        bench.request({
          ...{ number, callId, branch: `z9hG4bK${callId}${number}` },
          headers: { 'User-Agent': program, ...headers },
        });
      invite(1, {});
      const before = bench.calls.length;
      invite(2, { 'Proxy-Authorization': `Digest username="alice", response="${response}"` });
      return { passed: bench.calls.length > before, call: bench.calls.at(-1) };
    };
    const passing = (times: number, response: string, program: string) =>
      Array.from({ length: times }, () => attempt(response, program)).filter(({ passed }) => passed)
        .length;
    return { attempt, passing };
  }

  it('is slowed when it guesses, and may go on without credentials', async () => {
    // Five judged, two more at once; each has had a challenge of its own.
    expect((await carrierBench()).passing(40, 'wrong', 'guesser')).toBe(7);
  });

  it('is not by what tries no password, of which anybody can send as much under its address', async () => {
    const bench = await carrierBench({ isGuess: false });
    expect(bench.passing(40, 'wrong', 'guesser')).toBe(40);
  });

  it('is no phone of a name because a trunk without a password let it in under that name', async () => {
    const { attempt } = await carrierBench();
    // Let in, and the edge says nothing of credentials.
    attempt('unasked', 'guesser');
    expect(attempt('unasked', 'guesser').call?.invite.isFamiliar).toBe(false);
  });

  it('goes on calling from the phone that was let in, while somebody behind it guesses its name', async () => {
    const { attempt, passing } = await carrierBench();
    expect(attempt('right', 'phone').call?.invite.isFamiliar).toBe(false);
    passing(40, 'wrong', 'guesser');
    expect(attempt('right', 'guesser').passed).toBe(false);
    const { passed, call } = attempt('right', 'phone');
    expect([passed, call?.invite.isFamiliar]).toEqual([true, true]);
  });
});
