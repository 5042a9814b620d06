import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { FakeClock } from './clock.fake.ts';
import { Recent } from './recent.ts';

describe('what was seen lately', () => {
  it('is known by its name, as it was seen last', () => {
    const recent = new Recent<number>(new FakeClock(), { max: 10, keptMs: 1_000 });
    recent.set('one', 1);
    recent.set('one', 2);
    expect([recent.get('one'), recent.get('two'), recent.size]).toEqual([2, null, 1]);
  });

  it('is not known when it is too old, and takes no memory from the next on', () => {
    const clock = new FakeClock();
    const recent = new Recent<number>(clock, { max: 10, keptMs: 1_000 });
    for (let index = 0; index < 5; index += 1) recent.set(`n${index}`, index);
    clock.advance(1_000);
    expect(recent.get('n0')).toBe(0);
    clock.advance(1);
    expect(recent.get('n0')).toBeNull();
    recent.set('next', 1);
    expect(recent.size).toBe(1);
  });

  it('can be forgotten before its time', () => {
    const recent = new Recent<number>(new FakeClock(), { max: 10, keptMs: 1_000 });
    recent.set('one', 1);
    recent.forget('one');
    recent.forget('two');
    expect([recent.get('one'), recent.size]).toEqual([null, 0]);
  });

  it('makes room for what is new, the one seen longest ago first', () => {
    const recent = new Recent<number>(new FakeClock(), { max: 2, keptMs: 1_000 });
    recent.set('one', 1);
    recent.set('two', 2);
    recent.set('one', 3);
    recent.set('three', 4);
    expect([recent.get('one'), recent.get('two'), recent.get('three')]).toEqual([3, null, 4]);
  });

  it('holds no more than the name, whatever long text that was cut from', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const recent = new Recent<true>(new FakeClock(), { max: 1_000, keptMs: 1_000 });
    const heldBefore = heapUsed(collect);
    for (let index = 0; index < 500; index += 1) {
      const message = `${'x'.repeat(10_000)}${index}`;
      const name = `${message.slice(9_960)}\n${message.slice(9_900, 9_930)}`;
      recent.set(name, true);
    }
    // 500 messages are 5 MB.
    expect(heapUsed(collect) - heldBefore).toBeLessThan(1_000_000);
    expect(recent.size).toBe(500);
  });
});

function heapUsed(collect: () => void): number {
  for (let round = 0; round < 3; round += 1) collect();
  return process.memoryUsage().heapUsed;
}
