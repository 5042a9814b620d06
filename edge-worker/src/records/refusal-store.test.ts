import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { nextCallId } from '../../testdata/call-ids.ts';
import { RefusalStore } from './refusal-store.ts';

/** The table of an object of its own, with so many refusals, a millisecond apart. */
function withRefusals<T>(
  name: string,
  count: number,
  use: (store: RefusalStore, ids: readonly string[]) => T,
): Promise<T> {
  return runInDurableObject(env.CALL_RECORDS.getByName(name), (_object, { storage }) => {
    const store = new RefusalStore(storage.sql, { countMax: 5, beyondMax: 3 });
    const ids = Array.from({ length: count }, (_, n) => {
      const id = nextCallId();
      store.put(id, `refusal ${n}`, 1_000 + n);
      return id;
    });
    return use(store, ids);
  });
}

const keptOf = (store: RefusalStore, ids: readonly string[]) =>
  ids.filter((id) => store.of(id) !== null);

it('the oldest refusals go before there are many more than may be kept, and all beyond with the sweep', () =>
  withRefusals('refusals-count', 20, (store, ids) => {
    const kept = keptOf(store, ids);
    expect(kept.length).toBeGreaterThanOrEqual(5);
    expect(kept.length).toBeLessThanOrEqual(8);
    expect(kept).toEqual(ids.slice(-kept.length));
    expect(store.trim(0)).toBe(5);
    expect(keptOf(store, ids)).toEqual(ids.slice(-5));
  }));

it('refusals that are too old go with the sweep', () =>
  withRefusals('refusals-age', 4, (store, ids) => {
    expect(store.trim(1_003)).toBe(1);
    expect(keptOf(store, ids)).toEqual(ids.slice(3));
  }));

it('the latest refusal of a call stands', () =>
  withRefusals('refusals-latest', 1, (store, [id = '']) => {
    store.put(id, 'again', 2_000);
    expect(store.of(id)).toBe('again');
    expect(store.trim(0)).toBe(1);
  }));
