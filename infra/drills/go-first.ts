/**
 * Priority on a machine that everything of a drill shares: who judges takes its own lateness for lateness of others, and LiveKit, phones and strangers do not compete with a node where
 * it matters. Needs root; without it nothing changes, and the figures show.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

const { PRIORITY_HIGHEST: first } = constants.priority;

/** A process and all its threads go before others, in real time (sched(7), SCHED_RR) where chrt of util-linux is at hand: a task that is only nicer waits until another has had its slice, 3 ms. */
export function goFirst(pid: number): void {
  const inRealTime = ['--all-tasks', '--rr', '--pid', '1', String(pid)];
  if (spawnSync('chrt', inRealTime, { stdio: 'ignore' }).status === 0) return;
  whereAllowed(() => {
    for (const thread of readdirSync(`/proc/${pid}/task`)) setPriority(Number(thread), first);
  });
  groupGoesFirst(pid);
}

/** The processes of a session, as each part of a stack is one, go before others and keep their order among themselves: Linux shares a processor out between sessions first (sched(7)). */
export function groupGoesFirst(pid: number): void {
  whereAllowed(() => writeFileSync(`/proc/${pid}/autogroup`, String(first)));
}

function whereAllowed(raise: () => void): void {
  try {
    raise();
  } catch {
    // Not root, or a kernel without such groups.
  }
}
