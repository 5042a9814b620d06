/** The heap of the Worker's isolate in workerd, as V8 counts it, by its inspector. */
import { WebSocket } from 'ws';

interface HeapUsage {
  readonly usedSize: number;
  /** Outside of the heap proper: the runtime's own objects, and array buffers. Older versions of V8 do not tell. */
  readonly embedderHeapUsedSize?: number;
  readonly backingStorageSize?: number;
}

/** What is in use after a collection, MB. @param inspectorUrl of an edge started with isInspected */
export async function isolateHeapMb(inspectorUrl: string): Promise<number> {
  const socket = new WebSocket(await targetOf(inspectorUrl));
  try {
    await new Promise<void>((settle, fail) => {
      socket.once('open', settle);
      socket.once('error', fail);
    });
    await ask(socket, 1, 'HeapProfiler.collectGarbage');
    const usage = (await ask(socket, 2, 'Runtime.getHeapUsage')) as HeapUsage;
    const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = usage;
    return (usedSize + embedderHeapUsedSize + backingStorageSize) / 1_048_576;
  } finally {
    socket.terminate();
  }
}

/** The inspector lists its isolates; the Worker's is the only one that the port shows. */
async function targetOf(inspectorUrl: string): Promise<string> {
  const list = await fetch(new URL('/json', inspectorUrl.replace(/^ws/, 'http')));
  const [target] = (await list.json()) as { webSocketDebuggerUrl: string }[];
  if (target === undefined) throw new Error('the inspector shows no isolate');
  return target.webSocketDebuggerUrl;
}

function ask(socket: WebSocket, id: number, method: string): Promise<unknown> {
  return new Promise((settle, fail) => {
    const timer = setTimeout(() => fail(new Error(`${method}: no answer`)), 60_000);
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as { id?: number; result?: unknown };
      if (message.id !== id) return;
      clearTimeout(timer);
      settle(message.result);
    });
    socket.send(JSON.stringify({ id, method }));
  });
}
