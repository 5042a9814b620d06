/** How much garbage the main process may hold before it is collected. */
import { setFlagsFromString } from 'node:v8';

/**
 * By how many hundredths the old generation may grow beyond what lived at the last collection. V8's own factor is up to four, so that a flood of requests that leave nothing left
 * 80 MB behind until the next collection, which an otherwise idle node is long in coming to. What is alive here is some 25 MB: a collection costs little and disturbs no audio, which is other processes' work.
 */
const heapGrowingPercent = 30;

/** Call once, at the start. V8 reads the flag at each collection. */
export function boundHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${heapGrowingPercent}`);
}
