import { type NodeHello, nodeWelcomeExample } from '@callgate/shared/contract/hello.ts';
import { helloLimits } from '@callgate/shared/limits.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from './clock.fake.ts';
import { settled } from './edge/edge-client.fake.ts';
import { Greeting } from './node-greeting.ts';
import { PartError } from './part-error.ts';

const { retryFirstMs, retryMaxMs, againMs, clockSkewMs } = helloLimits;

let clock: FakeClock;
let hellos: NodeHello[];
let welcomes: number;
let events: string[];
/** null: the edge is away. */
let skewMs: number | null;
let greeting: Greeting;

beforeEach(() => {
  clock = new FakeClock();
  hellos = [];
  welcomes = 0;
  events = [];
  skewMs = 0;
  greeting = new Greeting({
    config: { name: 'fra-1', edgeUrl: new URL('https://edge.example.com') },
    clock,
    startedAtMono: 0,
    log: (_level, event) => events.push(event),
    edge: {
      async hello(hello) {
        hellos.push(hello);
        if (skewMs === null) throw new PartError('edge-unreachable', 'nobody answers');
        return { ...nodeWelcomeExample, clock_skew_ms: skewMs };
      },
    },
    onWelcome: () => {
      welcomes += 1;
    },
  });
});

async function pass(ms: number): Promise<void> {
  clock.advance(ms);
  await settled();
}

describe('the hello of a node', () => {
  it('is said until the edge has heard it, each time with how long the process has run', async () => {
    skewMs = null;
    greeting.start();
    await settled();
    for (const waitMs of [retryFirstMs, 2 * retryFirstMs, 4 * retryFirstMs]) await pass(waitMs);
    expect([hellos.length, welcomes]).toEqual([4, 0]);
    expect(hellos.map(({ uptime_ms }) => uptime_ms)).toEqual(
      [0, 1, 3, 7].map((times) => times * retryFirstMs),
    );
    skewMs = 0;
    await pass(retryMaxMs);
    expect(welcomes).toBe(1);
    expect(events).toEqual(['edge-hello-failed', 'edge-reached']);
  });

  it('is said again now and then, and then does not speak of calls of the process before', async () => {
    greeting.start();
    await settled();
    await pass(againMs);
    expect(hellos.map((hello) => 'uptime_ms' in hello)).toEqual([true, false]);
    expect(events).toEqual(['edge-reached']);
  });

  it('tells of a clock that goes wrong later, and of one that was put right', async () => {
    greeting.start();
    await settled();
    skewMs = -clockSkewMs - 1;
    await pass(againMs);
    expect(greeting.isClockSkewed).toBe(true);
    skewMs = 0;
    await pass(againMs);
    expect(greeting.isClockSkewed).toBe(false);
    expect(events).toEqual(['edge-reached', 'clock-skew', 'edge-reached']);
  });

  it('ends with the node', async () => {
    greeting.start();
    greeting.stop();
    await settled();
    expect([welcomes, clock.pending]).toEqual([0, 0]);
    skewMs = null;
    const other = new Greeting({
      config: { name: 'fra-1', edgeUrl: new URL('https://edge.example.com') },
      clock,
      startedAtMono: 0,
      log: () => {},
      edge: { hello: () => Promise.reject(new PartError('edge-unreachable', 'nobody answers')) },
      onWelcome: () => {},
    });
    other.start();
    await settled();
    other.stop();
    expect(clock.pending).toBe(0);
  });
});
