/** How much garbage a process may hold before it is collected. V8 takes memory for granted; a node has several processes that are up for months. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * By how many hundredths the old generation may grow beyond what lived at the last collection. V8's own factor is up to four, so that a flood of requests that leave nothing left
 * 80 MB behind until the next collection, which an otherwise idle node is long in coming to. What is alive here is some 10 MB: a collection is short.
 */
const heapGrowingPercent = 30;

/**
 * Gives back what loading has left, a quarter of the heap, and bounds its growth from here on. Call it once, when all is loaded (V8 refuses compiled code that was kept under other
 * flags) and where no work waits: it takes some 50 ms. Node has no other way to ask for it than the function that V8 gives to contexts made after the flag.
 */
export function settleHeap(): void {
  setFlagsFromString(`--heap-growing-percent=${heapGrowingPercent}`);
  setFlagsFromString('--expose-gc');
  runInNewContext("globalThis.gc?.({ type: 'major', flavor: 'last-resort' })");
}
