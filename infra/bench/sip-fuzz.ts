/**
 * Mutation fuzzing of the SIP endpoint in one process: `node infra/bench/sip-fuzz.ts [messages] [seed]`, 300,000 messages of seed 1 by
 * default. Prints one JSON object; exit status 1 when something threw,
 * stayed, or took more than 5 ms to read.
 */
import { fuzz } from '../../media-node/src/sip/fuzz.fake.ts';

const messages = Number(process.argv[2] ?? 300_000);
const seed = Number(process.argv[3] ?? 1);
const heapBefore = process.memoryUsage().heapUsed;
const startedAt = performance.now();
const result = await fuzz(messages, seed);
const seconds = (performance.now() - startedAt) / 1_000;
globalThis.gc?.();
console.log(
  JSON.stringify({
    ...result,
    answers: Object.fromEntries([...result.answers].sort()),
    seed,
    seconds: Number(seconds.toFixed(1)),
    heap_growth_mb: Number(((process.memoryUsage().heapUsed - heapBefore) / 1_048_576).toFixed(1)),
  }),
);
const { transactions, dialogs, timers } = result.left;
const isSound = result.faults.length === 0 && result.over5Ms === 0;
process.exitCode = isSound && transactions + dialogs + timers === 0 ? 0 : 1;
