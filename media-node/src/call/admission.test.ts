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
  admission = new Admission({
    capacity,
    load: () => load,
    isDraining: () => isDraining,
    isChallenged: (callId) => challenged.has(callId),
    clock,
    random: () => random,
  });
});

const ask = (request: Partial<NewRequest> = {}) =>
  admission.judge({ method: 'INVITE', callId: 'c', fromTag: 't', isKnown: true, ...request });

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
    const taken = (isKnown: boolean) =>
      Array.from({ length: 20 }, () => ask({ isKnown })).filter(({ kind }) => kind === 'take')
        .length;
    expect(taken(false)).toBe(8);
    expect(taken(true)).toBe(2);
    clock.advance(1_000);
    expect(taken(true)).toBe(10);
    expect(ask()).toMatchObject({ kind: 'refuse', bound: 'calls-per-second' });
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
