import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { SIPInboundTrunkInfo } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { putRouting } from '../../../testdata/requests.ts';
import { ObjectStore } from './object-store.ts';
import { routingTableOf } from './routing-table.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, n) => `+1555${n}`);
const trunk = (list: readonly string[]) =>
  new SIPInboundTrunkInfo({ sipTrunkId: 'ST_a', numbers: [...list] });

/** Runs on a store over the database of the table; `keys` are those of ST_a in its index, `written` the rows that `act` wrote to any table. */
async function onStore<T>(
  act: (on: {
    write: (list: readonly string[]) => void;
    keys: () => string[];
    written: (act: () => void) => number;
    counted: () => number;
  }) => T,
): Promise<T> {
  await putRouting({ trunks: [] });
  return runInDurableObject(routingTableOf(env), (_table, { storage }) => {
    let rows = 0;
    const sql = {
      exec: (...query: Parameters<SqlStorage['exec']>) => {
        const cursor = storage.sql.exec(...query);
        rows += cursor.rowsWritten;
        return cursor;
      },
    } as SqlStorage;
    const store = new ObjectStore(sql, new Uint8Array(32));
    return act({
      write: (list) => store.write('trunk', 'ST_a', store.trunkRow(trunk(list))),
      keys: () =>
        storage.sql
          .exec<{ key: string }>(
            `SELECT key FROM keys WHERE kind = 'trunk' AND id = 'ST_a' AND dimension = 'number'`,
          )
          .toArray()
          .map(({ key }) => key),
      written: (step) => {
        const before = rows;
        step();
        return rows - before;
      },
      counted: () => store.counts().numbers,
    });
  });
}

describe('the index of keys', () => {
  it('writes a few rows for one number more or less, of a trunk with thousands', async () => {
    await onStore(({ write, written }) => {
      expect(written(() => write(numbers(3_000)))).toBeGreaterThan(3_000);
      expect(written(() => write(numbers(3_001)))).toBeLessThan(20);
      expect(written(() => write(numbers(3_000)))).toBeLessThan(20);
    });
  });

  it('follows a trunk that gains, loses and exchanges numbers, and becomes one for any', async () => {
    await onStore(({ write, keys, counted }) => {
      for (const list of [numbers(3), ['+15551', '+9'], [], ['+9', '+7'], numbers(5)]) {
        write(list);
        const expected = list.length === 0 ? [''] : list.map((number) => `=${number}`);
        expect(keys().toSorted()).toEqual(expected.toSorted());
        expect(counted()).toBe(list.length);
      }
    });
  });
});
