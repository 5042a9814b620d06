import { admissionLimits } from '@callgate/shared/limits.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import type { NewRequest } from '../sip/sip-endpoint.ts';
import { Admission, type NodeCapacity, type NodeLoad } from './admission.ts';

const capacity: NodeCapacity = {
  calls: 100,
  callsPerSecond: 10,
  cpu: 0.9,
  rtpPorts: 50,
  residentBytes: 1_000,
};
const idle: NodeLoad = {
  calls: 0,
  cpu: 0,
  loopDelayMs: 0,
  rtpPortsFree: 50,
  residentBytes: 0,
};

let clock: FakeClock;
let load: NodeLoad;
let isDraining: boolean;
let random: number;
let admission: Admission;
const challenged = new Set<string>();
beforeEach(() => {
  clock = new FakeClock();
  load = idle;
  isDraining = false;
  random = 0;
  challenged.clear();
  admission = makeAdmission(capacity);
});

function makeAdmission(of: NodeCapacity): Admission {
  return new Admission({
    capacity: of,
    load: () => load,
    isDraining: () => isDraining,
    isChallenged: (callId) => challenged.has(callId),
    clock,
    random: () => random,
  });
}

const ask = (request: Partial<NewRequest> = {}) =>
  admission.judge({
    method: 'INVITE',
    callId: 'c',
    fromTag: 't',
    source: '192.0.2.1',
    isKnown: true,
    ...request,
  });

describe('admission', () => {
  it.each([
    ['calls', { calls: 80 }, { calls: 100 }],
    ['cpu', { cpu: 0.73 }, { cpu: 0.9 }],
    ['loop-delay', { loopDelayMs: 40 }, { loopDelayMs: 50 }],
    ['rtp-ports', { rtpPortsFree: 9 }, { rtpPortsFree: 0 }],
    ['memory', { residentBytes: 800 }, { residentBytes: 1_000 }],
  ])('%s turns strangers away first, and everybody when they are used up', (bound, some, all) => {
    expect([ask(), ask({ isKnown: false })]).toEqual([{ kind: 'take' }, { kind: 'take' }]);
    load = { ...idle, ...some };
    expect(ask()).toEqual({ kind: 'take' });
    expect(ask({ isKnown: false })).toMatchObject({ kind: 'refuse', bound });
    load = { ...idle, ...all };
    expect(ask()).toMatchObject({ kind: 'refuse', bound, answer: { status: 503 } });
    expect(admission.refused).toEqual({ [bound]: 2 });
  });

  it('takes so many calls a second, and keeps a fifth of them for whom it knows', () => {
    admission = makeAdmission({ ...capacity, callsPerSecond: 20 });
    const taken = (isKnown: boolean) =>
      Array.from({ length: 40 }, () => ask({ isKnown })).filter(({ kind }) => kind === 'take')
        .length;
    expect(taken(false)).toBe(16);
    expect(taken(true)).toBe(4);
    clock.advance(1_000);
    expect(taken(true)).toBe(20);
    expect(ask()).toMatchObject({ kind: 'refuse', bound: 'calls-per-second' });
  });

  it('lets a carrier that keeps to its share in beside one that calls ten times too often', () => {
    const given = { flood: 0, steady: 0 };
    for (let ms = 0; ms < 60_000; ms += 10) {
      // Ten times the rate, and two calls a second.
      if (ask({ source: 'flood' }).kind === 'take') given.flood += 1;
      if (ms % 500 === 250 && ask({ source: 'steady' }).kind === 'take') given.steady += 1;
      clock.advance(10);
    }
    // All but the first, of which nobody could know.
    expect(given.steady).toBeGreaterThanOrEqual(119);
    // Nothing is wasted: the flood gets what the other leaves.
    expect(given.flood).toBeGreaterThan(60 * 7.5);
    expect(given.flood + given.steady).toBeLessThanOrEqual(61 * 10);
  });

  it('takes strangers, too, where it takes but one call a second', () => {
    admission = makeAdmission({ ...capacity, callsPerSecond: 1 });
    expect(ask({ isKnown: false })).toEqual({ kind: 'take' });
    for (let second = 0; second < 10; second++) {
      ask({ isKnown: false });
      clock.advance(1_000);
    }
    clock.advance(2_000);
    expect(ask({ isKnown: false })).toEqual({ kind: 'take' });
  });

  it('counts a call that answers its challenge once', () => {
    for (let call = 0; call < 10; call++) ask();
    challenged.add('c');
    expect(ask()).toEqual({ kind: 'take' });
    expect(ask({ callId: 'another' }).kind).toBe('refuse');
  });

  it('spreads Retry-After over 5 to 15 s', () => {
    load = { ...idle, calls: 100 };
    const retryAfter = (spread: number) => {
      random = spread;
      const verdict = ask();
      return verdict.kind === 'refuse'
        ? verdict.answer.headers?.find(({ name }) => name === 'Retry-After')?.value
        : null;
    };
    expect([0, 0.5, 0.999].map(retryAfter)).toEqual(['5', '10', '15']);
  });

  it('says nothing when the loop is so late that answers would make it later', () => {
    load = { ...idle, loopDelayMs: admissionLimits.silentLoopDelayMs };
    expect(ask()).toEqual({ kind: 'silence', bound: 'loop-delay' });
  });

  it('turns everybody away while the node drains, and says that it does', () => {
    isDraining = true;
    expect(ask()).toMatchObject({
      kind: 'refuse',
      bound: 'draining',
      answer: { status: 503, headers: [{ name: 'Reason' }, { name: 'Retry-After' }] },
    });
    expect(ask({ method: 'OPTIONS' })).toMatchObject({ kind: 'refuse', bound: 'draining' });
    expect(admission.state).toBe('draining');
  });

  it('tells load balancers that it is full, without counting their questions as calls', () => {
    for (let question = 0; question < 100; question++)
      expect(ask({ method: 'OPTIONS', isKnown: false })).toEqual({ kind: 'take' });
    expect(ask()).toEqual({ kind: 'take' });
    load = { ...idle, calls: 100 };
    expect(ask({ method: 'OPTIONS' })).toMatchObject({ kind: 'refuse', bound: 'calls' });
    expect(admission.state).toBe('full');
    load = idle;
    expect(admission.state).toBe('accepting');
  });
});
