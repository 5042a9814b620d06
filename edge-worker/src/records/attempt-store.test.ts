import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { callRecordExample } from '@callgate/shared/contract/record.ts';
import { describe, expect, it } from 'vitest';
import { nextCallId } from '../../testdata/call-ids.ts';
import { AttemptStore } from './attempt-store.ts';

/** A store of its own, in a real object. */
function withStore<T>(name: string, use: (store: AttemptStore) => T): Promise<T> {
  return runInDurableObject(env.CALL_RECORDS.getByName(name), (_object, state) =>
    use(new AttemptStore(state.storage.sql)),
  );
}

describe('the store of attempts', () => {
  it('forgets what is too old, and beyond its bound the oldest', async () => {
    await withStore('trimmed', (store) => {
      const ids = Array.from({ length: 5 }, (_, n) => {
        const call_id = nextCallId();
        store.put({ ...callRecordExample, call_id }, 'test-1', 1_000 + n);
        return call_id;
      });
      expect(store.trim(1_001)).toBe(4);
      expect(store.trim(0, 2)).toBe(2);
      expect(ids.map((id) => store.ofCall(id).length)).toEqual([0, 0, 0, 1, 1]);
      expect(store.trim(0, 2)).toBe(2);
    });
  });
});
