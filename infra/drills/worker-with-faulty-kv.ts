/** The Worker's bundle with faulty-kv.ts in front of it, and the switch that it has. */
import { readFile, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KvMode } from './faulty-kv.ts';

const source = fileURLToPath(new URL('./faulty-kv.ts', import.meta.url));

/** Writes the entry beside the bundle. @returns its path */
export async function wrapWithFaultyKv(bundle: string): Promise<string> {
  const faulty = stripTypeScriptTypes(await readFile(source, 'utf8'));
  const entry = join(dirname(bundle), 'faulty-entry.js');
  // The one that publishes has bindings of its own; a name that is exported here goes before the star.
  await writeFile(
    entry,
    `import worker, { RoutingTable as Table } from './worker.js';
export * from './worker.js';
${faulty}
export class RoutingTable extends Table {
  constructor(state, env) {
    super(state, faultyBindings(env));
  }
}
export default withFaultyKv(worker);
`,
  );
  return entry;
}

/** What KV does from now on. @throws Error when the edge is not the wrapped one */
export async function setKv(edgeUrl: string, mode: KvMode): Promise<void> {
  const response = await fetch(`${edgeUrl}/drill/kv?mode=${mode}`);
  const said = await response.text();
  if (said !== mode) throw new Error(`KV cannot be set to ${mode}: ${response.status} ${said}`);
}
