/**
 * Every single lost message of a call, and every pair of them, exhaustively: whatever the network takes, the call is set up or cleanly
 * ended on both sides, and nothing is left of it. Messages are counted as they are sent, in both directions, resent ones too.
 */
import { describe, expect, it } from 'vitest';
import { answerBody, type EndpointBench, endpointBench } from './endpoint-bench.fake.ts';
import { firstLine, peerAddress } from './scripted-peer.fake.ts';
import type { SipCall } from './sip-endpoint.ts';
import { SoundCaller } from './sound-caller.fake.ts';

/** One way, ms. */
const delayMs = 20;

interface Story {
  /** Of the INVITE. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly onInvite: (call: SipCall, bench: () => EndpointBench) => void;
  readonly onAck?: (call: SipCall) => void;
  /** What the caller does by itself, after it has called. */
  readonly onAnswered?: (caller: SoundCaller) => void;
  readonly afterMs?: readonly [number, (caller: SoundCaller) => void];
}

const ring = { status: 180, phrase: 'Ringing' };

const stories: Readonly<Record<string, Story>> = {
  'answered, the caller hangs up': {
    onInvite: (call, bench) => {
      call.provisional(ring);
      bench().clock.after(300, () => call.accept(answerBody));
    },
    onAnswered: (caller) => caller.bye(),
  },
  'answered, we hang up': {
    onInvite: (call, bench) => {
      call.provisional(ring);
      bench().clock.after(300, () => call.accept(answerBody));
    },
    onAck: (call) => void call.bye(),
  },
  'challenged, answered, the caller hangs up': {
    onInvite: (call, bench) => {
      if (call.invite.credentials === null) {
        return call.refuse({ status: 407, phrase: 'Proxy Authentication Required' });
      }
      call.provisional(ring);
      bench().clock.after(300, () => call.accept(answerBody));
    },
    onAnswered: (caller) => caller.bye(),
  },
  'rings and is answered with a description that must arrive (PRACK)': {
    headers: { Require: '100rel' },
    onInvite: (call, bench) => {
      call.provisional({ ...answerBody, status: 183, phrase: 'Session Progress' });
      bench().clock.after(300, () => call.accept(answerBody));
    },
    onAnswered: (caller) => caller.bye(),
  },
  'answered, held by the caller': {
    onInvite: (call) => call.accept(answerBody),
    onAnswered: (caller) => caller.hold(),
    afterMs: [100_000, (caller) => caller.bye()],
  },
  'answered, refreshed by us': {
    headers: { Supported: 'timer', 'Session-Expires': '90;refresher=uas', Allow: 'UPDATE' },
    onInvite: (call) => call.accept(answerBody),
    afterMs: [100_000, (caller) => caller.bye()],
  },
  'answered, transferred by us': {
    onInvite: (call) => call.accept(answerBody),
    onAck: (call) =>
      void call.refer({ to: 'tel:+15550123', timeoutMs: 200_000 }).then(({ kind }) => {
        if (kind !== 'transferred') throw new Error(`the transfer came to ${kind}`);
      }),
  },
  refused: {
    onInvite: (call, bench) =>
      void bench().clock.after(100, () => call.refuse({ status: 404, phrase: 'Not Found' })),
  },
  'cancelled while ringing': {
    onInvite: (call) => call.provisional(ring),
    afterMs: [600, (caller) => caller.cancel()],
  },
};

interface Ending {
  readonly caller: readonly string[];
  readonly call: readonly string[];
  readonly sent: number;
}

/** Plays a story on a network that loses the messages with these numbers, to its very end. */
async function play(story: Story, lost: ReadonlySet<number>): Promise<Ending> {
  let sent = 0;
  const bench: EndpointBench = await endpointBench((call) => story.onInvite(call, () => bench));
  const carry = (deliver: () => void) => {
    sent += 1;
    if (!lost.has(sent)) bench.clock.after(delayMs, deliver);
  };
  const caller = new SoundCaller(bench.clock, (text) =>
    carry(() => bench.transport.deliver(text, peerAddress)),
  );
  bench.transport.hear(({ text }) => carry(() => caller.receive(text)));
  caller.invite(story.headers);
  if (story.afterMs !== undefined) {
    const [ms, act] = story.afterMs;
    bench.clock.after(ms, () => act(caller));
  }
  let hasAnswered = false;
  let hasAcked = false;
  // Promises of `bye` run between the steps.
  for (let step = 0; step < 2_000; step += 1) {
    bench.clock.advance(100);
    if (!hasAnswered && caller.events.includes('answered')) {
      hasAnswered = true;
      story.onAnswered?.(caller);
    }
    if (!hasAcked && bench.heard.some((event) => event.startsWith('ack'))) {
      hasAcked = true;
      const call = bench.calls.at(-1);
      if (call !== undefined) story.onAck?.(call);
    }
    for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
    if (step > 50 && bench.clock.pending === 0) break;
  }
  expect(bench.clock.pending, 'timers left').toBe(0);
  expect(bench.endpoint.stats()).toMatchObject({ transactions: 0, dialogs: 0 });
  expect(
    bench.transport.sent
      .map(({ text }) => firstLine(text))
      .filter((line) => line.startsWith('500')),
  ).toEqual([]);
  return { caller: caller.events, call: bench.heard, sent };
}

describe.each(Object.entries(stories))('%s', (_name, story) => {
  it('every single message and every pair of messages lost', { timeout: 60_000 }, async () => {
    const clean = await play(story, new Set());
    // Losing one makes more messages; those within twice the clean number are lost in their turn.
    const count = 2 * clean.sent;
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    const sets = [
      ...numbers.map((number) => [number]),
      ...numbers.flatMap((one) => numbers.filter((two) => two > one).map((two) => [one, two])),
    ];
    for (const lost of sets) {
      const ending = await play(story, new Set(lost));
      // An ACK that is lost for good may be overtaken by the BYE; both sides end all the same.
      const heard = (events: readonly string[]) => events.filter((event) => event !== 'ack');
      expect([ending.caller, heard(ending.call)], `lost: ${lost.join(' and ')}`).toEqual([
        clean.caller,
        heard(clean.call),
      ]);
    }
  });
});

it('the endings of the stories themselves', async () => {
  const endings: Record<string, unknown> = {};
  for (const [name, story] of Object.entries(stories)) {
    const { caller, call } = await play(story, new Set());
    endings[name] = { caller, call };
  }
  expect(endings).toEqual({
    'answered, the caller hangs up': { caller: ['answered', 'bye sent'], call: ['ack', 'bye'] },
    'answered, we hang up': { caller: ['answered', 'bye received'], call: ['ack'] },
    'challenged, answered, the caller hangs up': {
      caller: ['answered', 'bye sent'],
      call: ['ack', 'bye'],
    },
    'rings and is answered with a description that must arrive (PRACK)': {
      caller: ['answered', 'bye sent'],
      call: ['ack', 'bye'],
    },
    'answered, held by the caller': {
      caller: ['answered', 'held', 'bye sent'],
      call: ['ack', 'reoffer sendonly', 'bye'],
    },
    'answered, refreshed by us': { caller: ['answered', 'bye sent'], call: ['ack', 'bye'] },
    'answered, transferred by us': { caller: ['answered', 'bye sent'], call: ['ack', 'bye'] },
    refused: { caller: ['refused 404'], call: [] },
    'cancelled while ringing': { caller: ['refused 487'], call: ['cancel'] },
  });
});

it('the caller vanishes after its INVITE: the 200 is given up, then the BYE', async () => {
  const bench = await endpointBench((call) => call.accept(answerBody));
  bench.request();
  bench.clock.advance(32_000);
  expect(bench.heard).toEqual(['ack missing']);
  const over = bench.calls[0]?.bye();
  bench.clock.advance(32_000);
  await over;
  expect(bench.endpoint.stats()).toMatchObject({ transactions: 0, dialogs: 0 });
  expect(bench.clock.pending).toBe(0);
});
