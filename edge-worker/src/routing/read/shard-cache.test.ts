import { publishLimits } from '@callgate/shared/limits.ts';
import { SIPInboundTrunkInfo } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { encodeShard, type ShardGroup } from '../shards/shard.ts';
import { ShardCache } from './shard-cache.ts';

const options = { allowTrunklessCalls: false, keying: 'number' } as const;

/** A shard of so many numbers, a trunk each; `name` makes it large. */
function shardText(numbers: readonly string[], name = ''): string {
  const groups = numbers.map((number, n): [string, ShardGroup] => {
    const info = new SIPInboundTrunkInfo({ sipTrunkId: `ST_${n}`, name, numbers: [number] });
    return [number, { trunks: [{ info, credential: null }], rules: [] }];
  });
  return encodeShard(new Map(groups), 'number');
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => `+1555${n}`);
const hash = (n: number) => String(n).padStart(20, '0');

describe('what an isolate holds of the published routing', () => {
  it('stays within the bound for texts, however many shards come', () => {
    const cache = new ShardCache();
    const text = shardText(numbers(100), 'n'.repeat(10_000));
    const shards = Math.ceil((3 * publishLimits.shardCacheBytesMax) / text.length);
    for (let n = 0; n < shards; n += 1) {
      cache.add(hash(n), text, options);
      expect(cache.bytes.shards).toBeLessThanOrEqual(publishLimits.shardCacheBytesMax);
    }
    expect(cache.get(hash(0))).toBeUndefined();
    expect(cache.get(hash(shards - 1))).toBeDefined();
  });

  it('stays within the bound for compiled numbers, however many of one shard are called', () => {
    const cache = new ShardCache();
    const called = numbers(5_000);
    const held = cache.add(hash(0), shardText(called), options);
    for (const number of called) {
      expect(cache.part(held, number)?.routing.trunks).toHaveLength(1);
      expect(cache.bytes.parts).toBeLessThanOrEqual(publishLimits.partCacheBytesMax);
    }
  });

  it('compiles a number once while it is called', () => {
    const cache = new ShardCache();
    const held = cache.add(hash(0), shardText(numbers(3)), options);
    expect(cache.part(held, '+15551')).toBe(cache.part(held, '+15551'));
    expect(cache.part(held, '+15551')).not.toBe(cache.part(held, '+15552'));
  });

  it('keeps one number of two shards apart', () => {
    const cache = new ShardCache();
    const [a, b] = ['main', 'other'].map((name, n) =>
      cache.add(hash(n), shardText(['+1'], name), options),
    );
    const nameIn = (held: typeof a) =>
      held === undefined ? null : cache.part(held, '+1')?.routing.trunks[0]?.info.name;
    expect([nameIn(a), nameIn(b)]).toEqual(['main', 'other']);
  });
});
