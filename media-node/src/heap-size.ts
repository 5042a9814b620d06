/** How much garbage a process may hold before it is collected. V8 takes memory for granted; a node has several processes that are up for months. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * By how many hundredths the old generation may grow beyond what lived at the last collection. V8's own factor is up to four, so that a flood of requests that leave nothing left
 * 80 MB behind until the next collection, which an otherwise idle node is long in coming to. What is alive here is some 10 MB: a collection is short.
 */
const heapGrowingPercent = 30;

/** Call once, at the start. V8 reads the flag at each collection. */
export function boundHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${heapGrowingPercent}`);
}

/**
 * Gives back what loading has left: a quarter of the heap, which V8 would keep until it has grown by far more. Takes some 50 ms, so call it where no work waits. Node has no other
 * way to ask for it than the function that V8 gives to contexts made after this flag.
 */
export function collectWhatLoadingLeft(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext("globalThis.gc?.({ type: 'major', flavor: 'last-resort' })");
}
