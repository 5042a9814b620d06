/** All calls of a node on a fake clock, with an edge and media that do as the test says: what the tests of this folder stand on. */
import { FakeClock } from '../clock.fake.ts';
import { FakeEdge } from '../edge/edge-client.fake.ts';
import { FakeMediaPool } from '../media/media-pool.fake.ts';
import { type Log, silentLog } from '../ops/log.ts';
import { CallRegistry } from './call-registry.ts';

export interface RegistryBench {
  readonly clock: FakeClock;
  readonly edge: FakeEdge;
  readonly media: FakeMediaPool;
  readonly calls: CallRegistry;
}

export function registryBench(log: Log = silentLog): RegistryBench {
  const clock = new FakeClock();
  const edge = new FakeEdge();
  const media = new FakeMediaPool();
  const calls = new CallRegistry({
    edge,
    media,
    clock,
    log,
    nodeMedia: { codecs: ['PCMU', 'PCMA'], srtpSuites: [], newKey: () => Buffer.alloc(0) },
  });
  return { clock, edge, media, calls };
}
