import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../clock.fake.ts';
import { Stock } from './stock.ts';

const refillMs = 50;
const keptMs = 1_000;

function keepStock({ countMax = 2, isAble = (): boolean => true } = {}) {
  const clock = new FakeClock();
  const useless = new Set<number>();
  const dropped: number[] = [];
  let made = 0;
  const stock = new Stock<number>(clock, {
    countMax,
    refillMs,
    keptMs,
    make: () => (isAble() ? ++made : null),
    isOfUse: (thing) => !useless.has(thing),
    drop: (thing) => dropped.push(thing),
  });
  return { clock, stock, useless, dropped };
}

const any = () => true;

describe('a stock', () => {
  it('is filled one after the other, up to its bound', () => {
    const { clock, stock } = keepStock({ countMax: 3 });
    stock.fill();
    expect(stock.things).toEqual([1]);
    clock.advance(refillMs);
    expect(stock.things).toEqual([1, 2]);
    clock.advance(keptMs - refillMs - 1);
    expect(stock.things).toEqual([1, 2, 3]);
  });

  it('gives each out once, the oldest first', () => {
    const { clock, stock } = keepStock();
    stock.fill();
    clock.advance(refillMs);
    expect([stock.take(any), stock.take(any), stock.take(any)]).toEqual([1, 2, null]);
  });

  it('keeps what is not fit for the taker', () => {
    const { stock } = keepStock();
    stock.fill();
    expect(stock.take((thing) => thing > 1)).toBeNull();
    expect(stock.things).toEqual([1]);
  });

  it('begins with the first who asks', () => {
    const { clock, stock } = keepStock();
    expect(stock.take(any)).toBeNull();
    clock.advance(refillMs);
    expect(stock.take(any)).toBe(1);
  });

  it('is filled while takers go on coming, none of them puts it off', () => {
    const { clock, stock } = keepStock();
    const taken: (number | null)[] = [];
    for (let i = 0; i < 20; i++) {
      taken.push(stock.take(any));
      clock.advance(refillMs / 5);
    }
    expect(taken.filter((one) => one !== null)).toEqual([1, 2, 3]);
  });

  it('makes anew what nobody took for a while', () => {
    const { clock, stock, dropped } = keepStock({ countMax: 1 });
    stock.fill();
    clock.advance(keptMs);
    expect([stock.things, dropped]).toEqual([[2], [1]]);
  });

  it('replaces what is of no use after the next taking', () => {
    const { clock, stock, useless, dropped } = keepStock();
    stock.fill();
    useless.add(1);
    expect(stock.take((thing) => !useless.has(thing))).toBeNull();
    clock.advance(refillMs);
    expect([stock.things, dropped]).toEqual([[2], [1]]);
  });

  it('does not make again and again what is of no use at once', () => {
    const { clock, stock, useless } = keepStock();
    for (let i = 1; i <= 100; i++) useless.add(i);
    stock.fill();
    clock.advance(keptMs - 1);
    expect(stock.things).toEqual([1, 2]);
  });

  it('does not ask again and again for what cannot be made now', () => {
    let asked = 0;
    const { clock, stock } = keepStock({
      isAble: () => {
        asked++;
        return false;
      },
    });
    stock.fill();
    clock.advance(keptMs * 3);
    expect(asked).toBe(4);
  });

  it('leaves nothing behind when it is closed', () => {
    const { clock, stock, dropped } = keepStock();
    stock.fill();
    clock.advance(refillMs);
    stock.close();
    expect([stock.take(any), dropped, clock.pending]).toEqual([null, [1, 2], 0]);
  });
});
