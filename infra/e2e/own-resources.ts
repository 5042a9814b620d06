/** What this process holds, for tests that look for leaks of parts they run themselves. */
import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a leak would show in: open files, active handles, the heap after a collection. */
export function ownResources(): { files: number; sockets: number; heapBytes: number } {
  collectGarbage();
  const active = process.getActiveResourcesInfo();
  return {
    files: readdirSync('/proc/self/fd').length,
    sockets: active.filter((name) => /UDPWRAP|TCPSocketWrap|Timeout/.test(name)).length,
    heapBytes: process.memoryUsage().heapUsed,
  };
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
}
