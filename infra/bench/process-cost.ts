/** What a process and its children cost, as the kernel counts it. */
import { readdirSync, readFileSync } from 'node:fs';

/** Ticks a second of /proc/<pid>/stat; 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** Processor time of a process and all below it so far, ms. */
export function cpuMs(pid: number): number {
  return family(pid).reduce((sum, one) => {
    const fields = fieldsOf(one);
    return sum + ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond;
  }, 0);
}

/** Memory of a process and all below it, shared pages counted by share (PSS), MB. */
export function memoryMb(pid: number): number {
  return family(pid).reduce((sum, one) => {
    const pss = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${one}/smaps_rollup`, 'utf8'));
    return sum + Number(pss?.[1] ?? 0) / 1_024;
  }, 0);
}

/** What the kernel calls the process. */
export function nameOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}

/** Memory that belongs to a process and all below it alone, heaps first of all, MB: what a leak grows. */
export function ownMemoryMb(pid: number): number {
  return mappedMb(pid, /^Anonymous:\s+(\d+) kB/m);
}

/** Memory of a process and all below it that is resident (RSS), MB; what they share counts for each. */
export function residentMb(pid: number): number {
  return mappedMb(pid, /^Rss:\s+(\d+) kB/m);
}

function mappedMb(pid: number, row: RegExp): number {
  return family(pid).reduce((sum, one) => {
    const found = row.exec(readFileSync(`/proc/${one}/smaps_rollup`, 'utf8'));
    return sum + Number(found?.[1] ?? 0) / 1_024;
  }, 0);
}

/** File descriptors that a process and all below it hold. */
export function descriptors(pid: number): number {
  return family(pid).reduce((sum, one) => sum + readdirSync(`/proc/${one}/fd`).length, 0);
}

/** The process and everything that descends from it. */
export function family(pid: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      parents.set(Number(name), Number(fieldsOf(Number(name))[1]));
    } catch {
      // Ended between the listing and the look.
    }
  }
  const members = [pid];
  for (const member of members) {
    for (const [child, parent] of parents) if (parent === member) members.push(child);
  }
  return members;
}

/** Fields of /proc/<pid>/stat behind the name, which may hold blanks: state, parent, ... */
function fieldsOf(pid: number): readonly string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
