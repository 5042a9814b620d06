/** When each machine sends, as whole schedules in ms on a clock that only the test moves. RFC 3261 §17, RFC 6026. */
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../clock.fake.ts';
import { inviteClient } from './invite-client.ts';
import { inviteServer } from './invite-server.ts';
import type { Machine } from './machine.ts';
import { nonInviteClient } from './non-invite-client.ts';
import { nonInviteServer } from './non-invite-server.ts';
import { standardTiming } from './timing.ts';
import { Transaction } from './transaction.ts';

const doubling = [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500];
const capped = [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];

/** Runs a machine and notes what it does, with its instants. */
function run<Name extends string, Input extends string>(
  machine: Machine<Name, Input>,
  isReliable: boolean,
) {
  const clock = new FakeClock();
  const ack = Buffer.from('ACK');
  const sends: number[] = [];
  const acks: number[] = [];
  const events: string[] = [];
  const note = (what: string) => void events.push(`${what} @${clock.nowMono()}`);
  const transaction = new Transaction<Name, Input, string>(machine, {
    timing: standardTiming(isReliable),
    clock,
    ageLimitMs: 1_000_000,
    hands: {
      send: (bytes) => void (bytes === ack ? acks : sends).push(clock.nowMono()),
      acknowledge: () => ack,
      pass: (message) => note(`pass ${message}`),
      timedOut: () => note('timeout'),
      unsent: () => note('unsent'),
      terminated: () => note('terminated'),
      fault: (error) => note(`fault ${String(error)}`),
    },
  });
  const bytes = Buffer.from('message');
  const feed = (input: Input, message?: string) =>
    transaction.handle(input, message === undefined ? { bytes } : { message });
  return { clock, sends, acks, events, feed, transaction };
}

describe('INVITE client (timers A, B, D, M)', () => {
  it('UDP: resends without a cap, times out at 32 s', () => {
    const { clock, sends, events, feed } = run(inviteClient, false);
    feed('request');
    clock.advance(100_000);
    expect(sends).toEqual(doubling);
    expect(events).toEqual(['timeout @32000', 'terminated @32000']);
    expect(clock.pending).toBe(0);
  });

  it('TCP: sends once, times out at 32 s', () => {
    const { clock, sends, events, feed } = run(inviteClient, true);
    feed('request');
    clock.advance(100_000);
    expect(sends).toEqual([0]);
    expect(events).toEqual(['timeout @32000', 'terminated @32000']);
  });

  it('stops resending at the first provisional answer', () => {
    const { clock, sends, feed } = run(inviteClient, false);
    feed('request');
    clock.advance(600);
    feed('provisional', '100');
    clock.advance(100_000);
    expect(sends).toEqual([0, 500]);
  });

  it('acknowledges a refusal and each copy of it for 32 s (UDP)', () => {
    const { clock, sends, acks, events, feed } = run(inviteClient, false);
    feed('request');
    clock.advance(100);
    feed('refusal', '486');
    clock.advance(900);
    feed('refusal', '486');
    clock.advance(100_000);
    expect([sends, acks]).toEqual([[0], [100, 1_000]]);
    expect(events).toEqual(['pass 486 @100', 'terminated @32100']);
  });

  it('acknowledges a refusal once and is gone (TCP)', () => {
    const { clock, events, feed } = run(inviteClient, true);
    feed('request');
    feed('refusal', '486');
    clock.advance(0);
    expect(events).toEqual(['pass 486 @0', 'terminated @0']);
  });

  it('passes every copy of a 2xx for 32 s, because its ACK is not the transaction to send', () => {
    const { clock, events, feed } = run(inviteClient, false);
    feed('request');
    feed('success', '200');
    clock.advance(500);
    feed('success', '200');
    clock.advance(100_000);
    expect(events).toEqual(['pass 200 @0', 'pass 200 @500', 'terminated @32000']);
  });
});

describe('non-INVITE client (timers E, F, K)', () => {
  it('UDP: doubles to 4 s, times out at 32 s', () => {
    const { clock, sends, events, feed } = run(nonInviteClient, false);
    feed('request');
    clock.advance(100_000);
    expect(sends).toEqual(capped);
    expect(events).toEqual(['timeout @32000', 'terminated @32000']);
    expect(clock.pending).toBe(0);
  });

  it('goes on every 4 s after a provisional answer, and F still ends it', () => {
    const { clock, sends, events, feed } = run(nonInviteClient, false);
    feed('request');
    clock.advance(400);
    feed('provisional', '100');
    clock.advance(100_000);
    expect(sends).toEqual([0, 500, 4_500, 8_500, 12_500, 16_500, 20_500, 24_500, 28_500]);
    expect(events).toEqual(['pass 100 @400', 'timeout @32000', 'terminated @32000']);
  });

  it('absorbs copies of the final answer for 5 s (UDP), for none (TCP)', () => {
    for (const [isReliable, end] of [
      [false, 5_000],
      [true, 0],
    ] as const) {
      const { clock, events, feed } = run(nonInviteClient, isReliable);
      feed('request');
      feed('final', '200');
      feed('final', '200');
      clock.advance(100_000);
      expect(events).toEqual(['pass 200 @0', `terminated @${end}`]);
    }
  });
});

describe('INVITE server (timers G, H, I, L)', () => {
  it('UDP: resends a refusal up to every 4 s, gives up at 32 s', () => {
    const { clock, sends, events, feed } = run(inviteServer, false);
    feed('refusal');
    clock.advance(100_000);
    expect(sends).toEqual(capped);
    expect(events).toEqual(['timeout @32000', 'terminated @32000']);
    expect(clock.pending).toBe(0);
  });

  it('UDP: sends the only answer once, and again for each copy of the INVITE', () => {
    const { clock, sends, events, feed } = run(inviteServer, false);
    feed('only-answer');
    clock.advance(500);
    feed('invite');
    clock.advance(100_000);
    expect(sends).toEqual([0, 500]);
    expect(events).toEqual(['timeout @32000', 'terminated @32000']);
  });

  it('TCP: sends a refusal once, gives up at 32 s', () => {
    const { clock, sends, events, feed } = run(inviteServer, true);
    feed('refusal');
    clock.advance(100_000);
    expect(sends).toEqual([0]);
    expect(events).toEqual(['timeout @32000', 'terminated @32000']);
  });

  it('stops at the ACK and absorbs copies of it for 5 s (UDP), for none (TCP)', () => {
    for (const [isReliable, end] of [
      [false, 5_600],
      [true, 600],
    ] as const) {
      const { clock, sends, events, feed } = run(inviteServer, isReliable);
      feed('refusal');
      clock.advance(600);
      feed('ack', 'ACK');
      feed('ack', 'ACK');
      clock.advance(100_000);
      expect(sends).toEqual(isReliable ? [0] : [0, 500]);
      expect(events).toEqual([`terminated @${end}`]);
    }
  });

  it('absorbs copies of the INVITE after a 2xx for 32 s and passes an ACK with its branch (RFC 6026)', () => {
    const { clock, sends, events, feed } = run(inviteServer, false);
    feed('success');
    feed('invite', 'INVITE');
    clock.advance(500);
    feed('success');
    feed('ack', 'ACK');
    clock.advance(100_000);
    expect(sends).toEqual([0, 500]);
    expect(events).toEqual(['pass ACK @500', 'terminated @32000']);
  });
});

describe('non-INVITE server (timer J)', () => {
  it('answers copies again for 32 s (UDP), is gone at once (TCP)', () => {
    for (const [isReliable, end, sendsExpected] of [
      [false, 32_000, [0, 10_000]],
      [true, 0, [0]],
    ] as const) {
      const { clock, sends, events, feed } = run(nonInviteServer, isReliable);
      feed('request', 'BYE');
      feed('final');
      clock.advance(10_000);
      feed('request', 'BYE');
      clock.advance(100_000);
      expect(sends).toEqual(sendsExpected);
      expect(events).toEqual([`terminated @${end}`]);
    }
  });
});

describe('whatever happens', () => {
  it('a transaction ends at its age limit', () => {
    const { clock, events } = run(inviteServer, false);
    clock.advance(1_000_000);
    expect(events).toEqual(['timeout @1000000', 'terminated @1000000']);
  });

  it('a callback that ends the transaction leaves no timer', () => {
    const clock = new FakeClock();
    let ended = 0;
    const transaction: Transaction<string, string, string> = new Transaction(inviteClient, {
      timing: standardTiming(false),
      clock,
      ageLimitMs: 1_000_000,
      hands: {
        send: () => {},
        acknowledge: () => null,
        pass: () => transaction.end(),
        timedOut: () => {},
        unsent: () => {},
        terminated: () => {
          ended += 1;
        },
        fault: (error) => {
          throw error;
        },
      },
    });
    transaction.handle('request', { bytes: Buffer.from('INVITE') });
    transaction.handle('refusal', { message: '486' });
    expect([ended, clock.pending]).toEqual([1, 0]);
  });

  it('a callback that throws leaves the machine where it belongs', () => {
    const clock = new FakeClock();
    const sends: number[] = [];
    const transaction = new Transaction(inviteClient, {
      timing: standardTiming(false),
      clock,
      ageLimitMs: 1_000_000,
      hands: {
        send: () => void sends.push(clock.nowMono()),
        acknowledge: () => Buffer.from('ACK'),
        pass: () => {
          throw new Error('user');
        },
        timedOut: () => {},
        unsent: () => {},
        terminated: () => {},
        fault: () => {},
      },
    });
    transaction.handle('request', { bytes: Buffer.from('INVITE') });
    transaction.handle('refusal', { message: '486' });
    clock.advance(40_000);
    expect(sends).toEqual([0, 0]);
    expect(transaction.stateName).toBe('terminated');
    expect(clock.pending).toBe(0);
  });
});
