/** Runs call-load.ts as a process of its own. */
import { fileURLToPath } from 'node:url';
import { runAside } from '../local/run-aside.ts';
import type { LoadOptions, LoadResult } from './call-load.ts';

const program = fileURLToPath(new URL('./call-load.ts', import.meta.url));

/** @throws Error with its last lines when it ends without a result */
export function runLoad(options: LoadOptions): Promise<LoadResult> {
  return runAside('load', program, options);
}
