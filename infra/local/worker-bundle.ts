/** The Worker as it would be deployed: `wrangler deploy --dry-run` writes it to a folder, no account needed. */
import { join } from 'node:path';
import { runTool } from '../setup/run-tool.ts';

/** Builds into `folder` and returns the path of the module. @throws Error with wrangler's own words. */
export async function buildWorker(folder: string): Promise<string> {
  const { status, output } = await runTool('wrangler', ['deploy', '--dry-run', '--outdir', folder]);
  if (status !== 0) throw new Error(`the Worker cannot be built:\n${output}`);
  return join(folder, 'worker.js');
}
