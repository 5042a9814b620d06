import { ladderLimits } from '@callgate/shared/ladder-limits.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../clock.fake.ts';
import { FakeTransport } from '../transport/transport.fake.ts';
import { Ladders } from './ladders.ts';

let clock: FakeClock;
let ladders: Ladders;
let flow: ReturnType<FakeTransport['flowTo']>;
beforeEach(() => {
  clock = new FakeClock();
  ladders = new Ladders(clock);
  flow = new FakeTransport(clock).flowTo({ address: '192.0.2.7', port: 5060 });
});

const bytes = (length = 10) => Buffer.alloc(length, 'x');
function call(id: string, fate: 'live' | 'ended' | 'refused' = 'live', length = 10): void {
  ladders.note('in', id, bytes(length), flow);
  ladders.begin(id);
  ladders.name(id, `SCL_${id}`, 'trace');
  if (fate !== 'live') ladders.end(id, fate === 'refused');
}

describe('ladders', () => {
  it('begin with the INVITE that became a call, and go on with its challenge', () => {
    call('a', 'refused');
    clock.advance(20);
    ladders.note('in', 'a', bytes(), flow);
    ladders.begin('a');
    ladders.note('out', 'a', bytes(), flow);
    const { messages } = ladders.find('SCL_a') ?? { messages: [] };
    expect(messages.map(({ direction, afterMs }) => [direction, afterMs])).toEqual([
      ['in', 0],
      ['in', 20],
      ['out', 20],
    ]);
    expect(ladders.find('a')?.callId).toBe('SCL_a');
  });

  it('keep nothing of what never becomes a call', () => {
    for (let n = 0; n < 10_000; n++) {
      ladders.note('in', `stranger-${n}`, bytes(4_000), flow);
      ladders.note('out', `stranger-${n}`, bytes(4_000), flow);
    }
    expect([ladders.size, ladders.bytes]).toEqual([0, 0]);
  });

  it('forget refused calls before calls that ended, and those before calls that are up', () => {
    call('up');
    call('ended', 'ended');
    for (let n = 0; n < ladderLimits.callsMax; n++) call(`refused-${n}`, 'refused');
    expect(ladders.size).toBe(ladderLimits.callsMax);
    expect(ladders.find('refused-0')).toBeNull();
    expect(ladders.find('ended')).not.toBeNull();
    for (let n = 0; n < ladderLimits.callsMax; n++) call(`ended-${n}`, 'ended');
    expect(ladders.find('ended')).toBeNull();
    expect(ladders.find('up')).not.toBeNull();
    expect(ladders.size).toBe(ladderLimits.callsMax);
  });

  it('are bounded in messages and bytes of one call, and count what is left out', () => {
    call('a');
    for (let n = 0; n < 2 * ladderLimits.messagesMax; n++) ladders.note('out', 'a', bytes(), flow);
    expect(ladders.find('a')?.messages.length).toBe(ladderLimits.messagesMax);
    expect(ladders.find('a')?.leftOut).toBe(ladderLimits.messagesMax + 1);
    call('b');
    for (let n = 0; n < ladderLimits.messagesMax; n++) ladders.note('in', 'b', bytes(16_000), flow);
    const held = ladders.find('b')?.messages.reduce((sum, one) => sum + one.bytes.length, 0);
    expect(held).toBeLessThanOrEqual(ladderLimits.callBytesMax);
  });

  it('are bounded in bytes altogether, and give back what they forget', () => {
    for (let n = 0; n < 1_000; n++) {
      call(`a-${n}`);
      for (let m = 0; m < 15; m++) ladders.note('in', `a-${n}`, bytes(8_000), flow);
      expect(ladders.bytes).toBeLessThanOrEqual(ladderLimits.bytesMax);
    }
    expect(ladders.bytes).toBeGreaterThan(ladderLimits.bytesMax - ladderLimits.callBytesMax);
  });
});
