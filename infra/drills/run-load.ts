/** Runs call-load.ts as a process of its own. */
import { fileURLToPath } from 'node:url';
import { LocalProcess } from '../local/local-process.ts';
import type { LoadOptions, LoadResult } from './call-load.ts';

const program = fileURLToPath(new URL('./call-load.ts', import.meta.url));

/** @throws Error with its last lines when it ends without a result */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  let result: LoadResult | null = null;
  const load = await LocalProcess.start({
    name: 'load',
    command: process.execPath,
    args: [program],
    environment: {
      PATH: process.env['PATH'] ?? '',
      CALLGATE_DRILL_LOAD: JSON.stringify(options),
    },
    onLine: (line) => {
      if (line.startsWith('{"offered":')) result = JSON.parse(line) as LoadResult;
    },
  });
  const end = await load.ended;
  if (result === null)
    throw new Error(`the load ended without a result: ${end}\n${load.lastLines}`);
  return result;
}
