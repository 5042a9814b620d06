/** The heap of the Worker's isolate in workerd, as V8 counts it, by its inspector. */
import { Inspector } from './inspector.ts';

interface HeapUsage {
  readonly usedSize: number;
  /** Outside of the heap proper: the runtime's own objects, and array buffers. Older versions of V8 do not tell. */
  readonly embedderHeapUsedSize?: number;
  readonly backingStorageSize?: number;
}

/** How long a collection may take that the isolate has been asked for. */
const collectionMs = 10_000;

/**
 * What is in use, MB. The isolate is asked to collect first; it does so when it next runs, which `nudge` sees to, again and again. Should it not have done so in time, garbage is
 * counted as well: the figure is never too small.
 *
 * @param inspectorUrl of an edge started with isInspected
 */
export async function isolateHeapMb(
  inspectorUrl: string,
  nudge: () => Promise<unknown>,
): Promise<number> {
  const inspector = await Inspector.open(new URL('/core:user:callgate', inspectorUrl));
  try {
    let isCollected = false;
    const collecting = inspector.ask('HeapProfiler.collectGarbage').then(() => {
      isCollected = true;
    });
    // An isolate that has not run by then is left to itself.
    collecting.catch(() => {});
    const untilMs = performance.now() + collectionMs;
    while (!isCollected && performance.now() < untilMs) await nudge();
    const usage = (await inspector.ask('Runtime.getHeapUsage')) as HeapUsage;
    const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = usage;
    return (usedSize + embedderHeapUsedSize + backingStorageSize) / 1_048_576;
  } finally {
    inspector.close();
  }
}
