import { nodeCommandExamples } from '@callgate/shared/contract/command.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import { settled } from '../edge/edge-client.fake.ts';
import { LineLimit } from '../line-limit.ts';
import { FakeMediaSession } from '../media/media-pool.fake.ts';
import { silentLog } from '../ops/log.ts';
import { PartError } from '../part-error.ts';
import { FakeSipCall } from '../sip/sip-call.fake.ts';
import type { ReferOutcome, ReferRequest } from '../sip/sip-endpoint.ts';
import { listed } from './headers-out.ts';
import { SipLeg } from './sip-leg.ts';
import { Transfer, type TransferOrder } from './transfer.ts';

const example = nodeCommandExamples.transfer;
if (example.do !== 'transfer') throw new Error('the example is no transfer');
const order: TransferOrder = example;

/** A SIP leg whose REFER is answered when the test says so. */
class ReferringCall extends FakeSipCall {
  requests: ReferRequest[] = [];
  settle: (outcome: ReferOutcome) => void = () => {};
  failure: Error | null = null;

  override refer(request: ReferRequest): Promise<ReferOutcome> {
    if (this.failure !== null) return Promise.reject(this.failure);
    this.requests.push(request);
    return new Promise((resolve) => {
      this.settle = resolve;
    });
  }
}

let sip: ReferringCall;
let session: FakeMediaSession;
let isUp: boolean;
let transferred: number;
let transfer: Transfer;
beforeEach(() => {
  sip = new ReferringCall();
  session = new FakeMediaSession(() => {});
  isUp = true;
  transferred = 0;
  transfer = new Transfer({
    sip: new SipLeg(sip, silentLog, new LineLimit(new FakeClock())),
    session: () => session,
    ring: () => session.play('ringback'),
    isUp: () => isUp,
    headersWith: listed,
    log: silentLog,
    onTransferred: () => {
      transferred += 1;
    },
  });
});

describe('a transfer', () => {
  it('asks the caller by REFER and tells how it went', async () => {
    const result = transfer.begin({ ...order, headers: { 'X-Why': 'busy' } });
    expect(sip.requests).toMatchObject([
      { to: order.to, timeoutMs: 30_000, headers: [{ name: 'X-Why', value: 'busy' }] },
    ]);
    sip.settle({ kind: 'transferred' });
    expect(await result).toEqual({ kind: 'transfer', outcome: 'transferred', status: 200 });
    expect(transferred).toBe(1);
  });

  it.each([
    [{ kind: 'refused', by: 'caller', status: 405 }, 'refused-by-caller', 405],
    [{ kind: 'refused', by: 'target', status: 486 }, 'refused-by-target', 486],
    [{ kind: 'timeout' }, 'timeout', null],
  ] as const)('that comes to %j leaves the call as it was', async (outcome, how, status) => {
    const result = transfer.begin(order);
    sip.requests[0]?.onAccepted?.();
    expect(transfer.isAccepted).toBe(true);
    sip.settle(outcome);
    expect(await result).toEqual({ kind: 'transfer', outcome: how, status });
    expect([transferred, transfer.isAccepted]).toEqual([0, false]);
    expect(session.asked).toEqual(['play ringback', 'stop sound']);
  });

  it.each([
    [true, 'transferred'],
    [false, 'ended'],
  ])('of a caller who hangs up meanwhile, having agreed: %s, has %s', async (wasAccepted, how) => {
    const result = transfer.begin(order);
    sip.settle({ kind: 'ended', wasAccepted });
    expect(await result).toMatchObject({ outcome: how });
  });

  it('goes on hearing the room unless ringing is asked for', async () => {
    const result = transfer.begin({ ...order, play_dialtone: false });
    sip.settle({ kind: 'timeout' });
    await result;
    expect(session.asked).toEqual([]);
  });

  it('to the same target is shared, to another refused while it goes on', async () => {
    const [first, same] = [transfer.begin(order), transfer.begin(order)];
    const other = await transfer.begin({ ...order, to: 'tel:+1' });
    expect(other).toMatchObject({ kind: 'refused', why: 'transferring-elsewhere' });
    sip.settle({ kind: 'transferred' });
    expect(await first).toEqual(await same);
    expect(sip.requests.length).toBe(1);
    await settled();
    void transfer.begin({ ...order, to: 'tel:+1' });
    expect(sip.requests.length).toBe(2);
  });

  it('needs a call that is up, and a URI', async () => {
    isUp = false;
    expect(await transfer.begin(order)).toMatchObject({ kind: 'refused', why: 'not-answered' });
    isUp = true;
    sip.failure = new PartError('internal', 'no URI');
    expect(await transfer.begin(order)).toMatchObject({ kind: 'refused', why: 'bad-target' });
    expect(session.asked).toEqual(['play ringback', 'stop sound']);
  });
});
