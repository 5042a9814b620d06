/**
 * Bench of where call records lie: 16 Durable Objects against one D1 database, the same table and statements, both in workerd on this machine. The ratio counts: neither pays for a
 * network here, and a Durable Object stands near the node while a D1 database has one place. `node infra/bench/record-store.ts [--records 20000] [--json]`
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startMiniflare } from '../local/miniflare.ts';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '20000' },
    json: { type: 'boolean', default: false },
  },
});
const records = Number(values.records);
const stores = ['do', 'd1'] as const;

/** What is measured, how many, and how many at one time. */
const runs = [
  { what: 'a record, one after the other', operation: 'add', from: records, count: 500, atOnce: 1 },
  { what: 'a record, 16 at once', operation: 'add', from: records + 500, count: 2_000, atOnce: 16 },
  {
    what: 'the same records again',
    operation: 'add',
    from: records + 500,
    count: 2_000,
    atOnce: 16,
  },
  { what: 'one call, read', operation: 'read', from: 0, count: 1_000, atOnce: 1 },
  { what: 'a page of 50 of one trunk', operation: 'list', from: 0, count: 100, atOnce: 1 },
] as const;

const folder = await mkdtemp(join(tmpdir(), 'callgate-record-store-'));
const miniflare = startMiniflare({
  port: 0,
  host: '127.0.0.1',
  cf: false,
  // Both on the same disk, as they are in operation.
  resourcePersistencePath: folder,
  workers: [
    {
      name: 'bench',
      compatibilityDate: '2026-11-01',
      modules: true,
      scriptPath: fileURLToPath(new URL('record-store-worker.js', import.meta.url)),
      durableObjects: { RECORDS: { className: 'Records', useSQLite: true } },
      d1Databases: { DB: 'bench' },
    },
  ],
});
try {
  const { origin } = await miniflare.ready;
  /** ms for each operation. */
  const run = async (store: string, run: (typeof runs)[number] | Filling): Promise<number> => {
    const query = `from=${run.from}&count=${run.count}&at_once=${run.atOnce}`;
    const start = performance.now();
    const response = await fetch(`${origin}/${store}/${run.operation}?${query}`);
    if (!response.ok) throw new Error(`${store} ${run.operation}: ${await response.text()}`);
    await response.json();
    return (performance.now() - start) / run.count;
  };
  for (const store of stores)
    for (let from = 0; from < records; from += 1_000)
      await run(store, { operation: 'add', from, count: 1_000, atOnce: 16 });
  const figures = [];
  for (const one of runs) {
    const [durableObjectsMs, d1Ms] = [await run('do', one), await run('d1', one)];
    figures.push({ what: one.what, durableObjectsMs, d1Ms, ratio: d1Ms / durableObjectsMs });
  }
  if (values.json) console.log(JSON.stringify({ records, figures }));
  else
    console.table(
      figures.map(({ what, ...ms }) => ({
        what,
        ...Object.fromEntries(Object.entries(ms).map(([name, n]) => [name, Number(n.toFixed(2))])),
      })),
    );
} finally {
  await miniflare.dispose();
  await rm(folder, { recursive: true, force: true });
}

interface Filling {
  readonly operation: 'add';
  readonly from: number;
  readonly count: number;
  readonly atOnce: number;
}
