import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../clock.fake.ts';
import { HeldAnswer } from './held-answer.ts';

function hold() {
  const clock = new FakeClock();
  const taken: [number, string][] = [];
  const held = new HeldAnswer<string>((answer) => taken.push([clock.nowMono(), answer]), clock);
  return { clock, held, taken };
}

describe('HeldAnswer', () => {
  it('waits a moment after the first candidate, whichever of the two comes first', () => {
    for (const isAnswerFirst of [true, false]) {
      const { clock, held, taken } = hold();
      if (isAnswerFirst) held.answer('first');
      else held.candidate();
      clock.advance(1);
      if (isAnswerFirst) held.candidate();
      else held.answer('first');
      clock.advance(1_000);
      expect(taken).toEqual([[5, 'first']]);
    }
  });

  it('is not put off by further candidates', () => {
    const { clock, held, taken } = hold();
    held.answer('first');
    for (let i = 0; i < 10; i++) {
      held.candidate();
      clock.advance(1);
    }
    expect(taken).toEqual([[4, 'first']]);
  });

  it('does not wait long for a server that names no candidate', () => {
    const { clock, held, taken } = hold();
    held.answer('first');
    clock.advance(1_000);
    expect(taken).toEqual([[20, 'first']]);
  });

  it('lets later answers pass', () => {
    const { clock, held, taken } = hold();
    held.answer('first');
    held.candidate();
    clock.advance(10);
    held.answer('second');
    expect(taken).toEqual([
      [4, 'first'],
      [10, 'second'],
    ]);
  });

  it('drops what it holds when the connection is over, and leaves no timer', () => {
    const { clock, held, taken } = hold();
    held.answer('first');
    held.stop();
    expect(clock.pending).toBe(0);
    clock.advance(1_000);
    expect(taken).toEqual([]);
  });
});
