/** Audio goes before signalling: a flood at the SIP port may keep the main process busy, and must not cost a live call a frame. */
import { spawnSync } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';

/** As nice(1) counts: lower goes first, 0 is everybody's. */
const audioPriority = -10;

/**
 * Lets this process, and the threads that it starts from now on, go before others. The kernel must allow it (`LimitNICE` of the service, or root); where it does not, nothing changes.
 * @returns the priority that it has now, as nice(1) counts
 */
export function putAudioFirst(): number {
  try {
    setPriority(audioPriority);
  } catch {
    // EACCES or EPERM: an operator who runs us in another way. Calls work as well, with less in reserve.
  }
  return getPriority();
}

/** Where util-linux has it: this process has no PATH. */
const chrt = '/usr/bin/chrt';

/**
 * Puts this process, with the threads that it has and will have, into real time (sched(7), SCHED_RR, the lowest of its priorities): it gets a processor the moment it wakes. Nicer tasks do not:
 * Linux lets another one finish its slice of some 3 ms first, and a packet passes three threads.
 * @returns why it could not; null: it is done
 */
export function putAudioInRealTime(): string | null {
  const { status, error, stderr } = spawnSync(
    chrt,
    ['--all-tasks', '--rr', '--pid', '1', String(process.pid)],
    { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] },
  );
  if (error !== undefined) return error.message;
  return status === 0 ? null : stderr.trim();
}
