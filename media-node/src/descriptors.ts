/**
 * What of the process's files and sockets is left, found out by trying: Node does not tell the limit, and to read it takes a descriptor. Whoever is about to need some asks before,
 * because WebRTC's native code ends the process when it is refused one half-way.
 */
import { closeSync, openSync } from 'node:fs';

/** Whether so many files or sockets could be opened right now; some 10 us each. */
export function areDescriptorsLeft(count: number): boolean {
  const opened: number[] = [];
  try {
    while (opened.length < count) opened.push(openSync('/dev/null', 'r'));
    return true;
  } catch {
    return false;
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}

let lastResidentBytes = 0;

/** Memory of this process; Node reads it from a file, so without a descriptor it is what it was last. */
export function residentBytes(): number {
  try {
    lastResidentBytes = process.memoryUsage.rss();
  } catch {
    // EMFILE: nothing is worth the process's end here.
  }
  return lastResidentBytes;
}
