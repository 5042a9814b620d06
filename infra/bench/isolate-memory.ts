/**
 * What the routing of 1,000,000 numbers takes in an isolate: the shards of a whole table opened one after the other, every number asked for, in the cache that the
 * Worker uses. V8's own heap after a collection, with the cache full and without it. `node --expose-gc infra/bench/isolate-memory.ts`
 */

import { ShardCache } from '@callgate/edge-worker/src/routing/read/shard-cache.ts';
import {
  encodeShard,
  type ShardGroup,
  shardHash,
} from '@callgate/edge-worker/src/routing/shards/shard.ts';
import { digestCredential } from '@callgate/edge-worker/src/trust/digest/digest-algorithms.ts';
import { SIPInboundTrunkInfo } from '@livekit/protocol';

const numbers = 1_000_000;
/** As many as the edge puts into one. */
const numbersPerShard = 200;

if (globalThis.gc === undefined) throw new Error('run it with node --expose-gc');

const credential = digestCredential('alice', 'LiveKit', 'a password of the bench');
const emptyMb = heapMb();
const cache = new ShardCache();
let peakMb = 0;
for (let first = 0; first < numbers; first += numbersPerShard) {
  const groups = new Map<string, ShardGroup>();
  for (let at = first; at < first + numbersPerShard; at += 1) {
    const number = `+1555${String(at).padStart(7, '0')}`;
    const info = new SIPInboundTrunkInfo({
      sipTrunkId: `ST_${String(at).padStart(12, '2')}`,
      name: `trunk ${at}`,
      numbers: [number],
    });
    groups.set(number, { trunks: [{ info, credential }], rules: [] });
  }
  const text = encodeShard(groups, 'number');
  const shard = cache.add(shardHash(text), text, { allowTrunklessCalls: false, keying: 'number' });
  for (const number of groups.keys()) shard.part(number);
  if ((first / numbersPerShard) % 250 === 249) peakMb = Math.max(peakMb, heapMb() - emptyMb);
}
console.log(
  JSON.stringify({ numbers, cache_mb: round(heapMb() - emptyMb), peak_mb: round(peakMb) }),
);

function heapMb(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1_048_576;
}

function round(mb: number): number {
  return Math.round(mb * 10) / 10;
}
