/** The heap of the Worker's isolate in workerd, as V8 counts it, by its inspector. */
import { WebSocket } from 'ws';

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
  const socket = new WebSocket(new URL('/core:user:callgate', inspectorUrl));
  try {
    await new Promise<void>((settle, fail) => {
      socket.once('open', settle);
      socket.once('error', fail);
    });
    let isCollected = false;
    void ask(socket, 1, 'HeapProfiler.collectGarbage').then(() => {
      isCollected = true;
    });
    const untilMs = performance.now() + collectionMs;
    while (!isCollected && performance.now() < untilMs) await nudge();
    const usage = (await ask(socket, 2, 'Runtime.getHeapUsage')) as HeapUsage;
    const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = usage;
    return (usedSize + embedderHeapUsedSize + backingStorageSize) / 1_048_576;
  } finally {
    socket.terminate();
  }
}

function ask(socket: WebSocket, id: number, method: string): Promise<unknown> {
  return new Promise((settle) => {
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as { id?: number; result?: unknown };
      if (message.id === id) settle(message.result);
    });
    socket.send(JSON.stringify({ id, method }));
  });
}
