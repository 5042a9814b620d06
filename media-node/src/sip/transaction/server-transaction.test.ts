import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../clock.fake.ts';
import type { SipRequest } from '../wire/message.ts';
import { ServerTransaction } from './server-transaction.ts';
import { giveUpMs, standardTiming } from './timing.ts';

const timing = standardTiming(false);
const ack = { method: 'ACK' } as SipRequest;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

let clock: FakeClock;
let transaction: ServerTransaction;
beforeEach(() => {
  clock = new FakeClock();
  transaction = new ServerTransaction({
    isInvite: true,
    timing,
    clock,
    ageLimitMs: 600_000,
    send: () => {},
    onSettled: () => {},
    onTerminated: () => {},
    onFault: (error) => expect.fail(String(error)),
  });
});

/** A call that listens, and is held by nobody else. */
function listener(): WeakRef<object> {
  const call = { onAck: () => {} };
  transaction.listen(call);
  return new WeakRef(call);
}

/** A WeakRef that was looked at lives until the end of its turn. */
async function isCollected(call: WeakRef<object>): Promise<boolean> {
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  return call.deref() === undefined;
}

describe('an INVITE server transaction keeps its call', () => {
  it('no longer than until the refusal is acknowledged', async () => {
    const call = listener();
    transaction.respond(488, Buffer.from('refused'));
    expect(await isCollected(call)).toBe(false);
    transaction.receive(ack);
    expect(transaction.stateName).toBe('confirmed');
    await vi.waitFor(async () => expect(await isCollected(call)).toBe(true));
  });

  it('no longer than until it is hushed', async () => {
    const call = listener();
    transaction.hush();
    await vi.waitFor(async () => expect(await isCollected(call)).toBe(true));
  });

  it('while the ACK of a refusal is missing, and tells it', () => {
    const onAckMissing = vi.fn();
    transaction.listen({ onAckMissing });
    transaction.respond(488, Buffer.from('refused'));
    clock.advance(giveUpMs(timing));
    expect(onAckMissing).toHaveBeenCalledTimes(1);
  });

  it('after a 2xx, whose ACK may have its branch', () => {
    const onAck = vi.fn();
    transaction.listen({ onAck });
    transaction.respond(200, Buffer.from('accepted'));
    transaction.receive(ack);
    expect(onAck).toHaveBeenCalledWith(ack);
  });
});
