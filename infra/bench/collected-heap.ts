/**
 * What a running Node process really holds: its heap after a collection, by the inspector that SIGUSR1 opens on a fixed port (one process at a time, closed again at once). Where
 * resident memory breathes with allocator and collector, this is what a leak would raise.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Inspector } from './inspector.ts';

const origin = 'http://127.0.0.1:9229';
const openMs = 5_000;
/** From the wish to close to the closing: we are gone by then, as it waits for all who are connected. */
const closeAfterMs = 100;
const mb = 1_048_576;

/** MB on the heap and beside it (buffers). @throws Error when the inspector does not open, or belongs to another process */
export async function collectedHeapMb(pid: number): Promise<number> {
  process.kill(pid, 'SIGUSR1');
  const inspector = await Inspector.open(await debuggerUrl(pid));
  try {
    const evaluate = async (expression: string) => {
      const answer = await inspector.ask('Runtime.evaluate', { expression, returnByValue: true });
      return (answer as { readonly result: { readonly value: unknown } }).result.value;
    };
    const asked = await evaluate('process.pid');
    if (asked !== pid) throw new Error(`the inspector at ${origin} is that of process ${asked}`);
    // A second one finds what the first has made unreachable.
    for (let round = 0; round < 2; round += 1) await inspector.ask('HeapProfiler.collectGarbage');
    const usage = await evaluate('process.memoryUsage()');
    await evaluate(`void setTimeout(() => process._debugEnd(), ${closeAfterMs})`);
    const { heapUsed, external } = usage as Readonly<Record<'heapUsed' | 'external', number>>;
    return (heapUsed + external) / mb;
  } finally {
    inspector.close();
    await closed();
  }
}

async function debuggerUrl(pid: number): Promise<string> {
  const end = performance.now() + openMs;
  while (performance.now() < end) {
    const response = await fetch(`${origin}/json/list`).catch(() => null);
    if (response?.ok === true) {
      const [target] = (await response.json()) as { readonly webSocketDebuggerUrl: string }[];
      if (target !== undefined) return target.webSocketDebuggerUrl;
    }
    await pause(50);
  }
  throw new Error(`process ${pid} opened no inspector at ${origin}`);
}

/** The next process wants the same port. */
async function closed(): Promise<void> {
  const end = performance.now() + openMs;
  while (performance.now() < end) {
    if ((await fetch(`${origin}/json/version`).catch(() => null)) === null) return;
    await pause(50);
  }
}
