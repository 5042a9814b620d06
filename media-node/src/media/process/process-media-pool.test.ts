import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { promisify } from 'node:util';
import { mediaProcessLimits } from '@callgate/shared/limits.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../clock.ts';
import type { MediaEvent } from '../media-session.ts';
import type { AudioPriority } from './messages.ts';
import type { GrowthLimits } from './process-handle.ts';
import { ProcessMediaPool, splitPorts } from './process-media-pool.ts';

/** SCHED_OTHER and SCHED_RR as sched(7) numbers them. */
const [others, roundRobin] = [0, 2];

/** The scheduling policies of the threads of a process: field 41 of stat, proc_pid_stat(5). */
function policiesOf(pid: number | undefined): Set<number> {
  const policies = new Set<number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1');
      policies.add(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[38]));
    } catch {
      // Ended between the listing and the look.
    }
  }
  return policies;
}

describe('splitPorts', () => {
  it.each([
    [{ from: 10_000, to: 10_007 }, 1, [{ from: 10_000, to: 10_007 }]],
    [
      { from: 10_000, to: 10_007 },
      2,
      [
        { from: 10_000, to: 10_003 },
        { from: 10_004, to: 10_007 },
      ],
    ],
    [
      { from: 10_001, to: 10_008 },
      3,
      [
        { from: 10_002, to: 10_003 },
        { from: 10_004, to: 10_005 },
        { from: 10_006, to: 10_007 },
      ],
    ],
    [{ from: 10_000, to: 10_001 }, 4, [{ from: 10_000, to: 10_001 }]],
  ])('cuts %j into %i shares of whole pairs', (range, shares, expected) => {
    expect(splitPorts(range, shares)).toEqual(expected);
  });
});

describe('ProcessMediaPool', () => {
  const pools: ProcessMediaPool[] = [];
  afterEach(async () => {
    for (const pool of pools.splice(0)) await pool.close();
  });

  function start(
    processes: number,
    from: number,
    growth?: GrowthLimits,
    sessionsBeforeNext?: number,
    audioPriority: AudioPriority = 'nice',
  ) {
    const lines: { event: string; fields: Readonly<Record<string, unknown>> }[] = [];
    const pool = new ProcessMediaPool({
      address: '127.0.0.1',
      advertise: '192.0.2.1',
      roomAddress: '127.0.0.1',
      roomClient: 'direct',
      roomAudio: 'opus',
      portRange: { from, to: from + 99 },
      promptsFolder: null,
      audioPriority,
      processes,
      ...(growth === undefined ? {} : { growth }),
      ...(sessionsBeforeNext === undefined ? {} : { sessionsBeforeNext }),
      clock: systemClock,
      log: (_level, event, fields = {}) => lines.push({ event, fields }),
    });
    pools.push(pool);
    return { pool, lines };
  }

  async function until(check: () => boolean, withinMs = 10_000): Promise<void> {
    for (const end = performance.now() + withinMs; !check(); ) {
      if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${check}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  it('starts a process anew that could not be started, and tells who waits for it', async () => {
    const { execPath } = process;
    process.execPath = '/no/such/program';
    try {
      const { pool, lines } = start(1, 23_100);
      await expect(pool.open('SCL_1', () => {})).rejects.toMatchObject({ reason: 'media-lost' });
      expect(lines.map(({ event }) => event)).toContain('media-process-failed');
      expect(pool.isReady).toBe(false);
      process.execPath = execPath;
      await until(() => pool.isReady);
      await (await pool.open('SCL_2', () => {})).close();
    } finally {
      process.execPath = execPath;
    }
  });

  it('refuses a session while no files and sockets are left, and keeps those that it has', async () => {
    const { pool, lines } = start(1, 23_300);
    const events: MediaEvent[] = [];
    await pool.open('SCL_1', (event) => events.push(event));
    const [pid] = pool.pids;
    const mayOpen = (count: number) =>
      promisify(execFile)('prlimit', ['--pid', String(pid), `--nofile=${count}:`]);
    await mayOpen(1);
    await expect(pool.open('SCL_2', () => {})).rejects.toMatchObject({ reason: 'over-capacity' });
    await mayOpen(1_024);
    await (await pool.open('SCL_3', () => {})).close();
    expect(pool.pids).toEqual([pid]);
    expect([events, lines.map(({ event }) => event)]).toEqual([[], ['media-closed']]);
  });

  it('goes before signalling as far as the kernel allows', async () => {
    const { pool } = start(1, 23_400);
    await (await pool.open('SCL_1', () => {})).close();
    const { stdout: allowed } = await promisify(execFile)('nice', ['-n', '-10', 'nice']);
    expect(getPriority(pool.pids[0])).toBe(Number(allowed));
  });

  it('runs in real time, with all its threads, where that is asked for and as far as the kernel allows', async () => {
    const { pool, lines } = start(1, 23_500, undefined, undefined, 'realtime');
    await (await pool.open('SCL_1', () => {})).close();
    const isAllowed = await promisify(execFile)('chrt', ['--rr', '1', 'true']).then(
      () => true,
      () => false,
    );
    expect(policiesOf(pool.pids[0])).toEqual(new Set([isAllowed ? roundRobin : others]));
    expect(lines.some(({ event }) => event === 'no-realtime')).toBe(!isAllowed);
  });

  it('places sessions on the process with the fewest, and takes them back', async () => {
    const { pool, lines } = start(2, 23_000);
    const sessions = await Promise.all([1, 2, 3, 4].map((n) => pool.open(`SCL_${n}`, () => {})));
    const lowShare = sessions.filter(({ local }) => local.port < 23_050).length;
    expect(lowShare).toBe(2);
    expect(sessions[0]?.local.address).toBe('192.0.2.1');
    expect(pool.stats().sessions).toBe(4);
    for (const session of sessions) await session.close();
    expect(pool.stats().sessions).toBe(0);
    await until(() => lines.filter(({ event }) => event === 'media-closed').length === 4);
  });

  it('lets only the sessions of a process die with it, tells them at once, and replaces it', async () => {
    const { pool } = start(2, 23_200);
    const events = new Map<number, MediaEvent[]>();
    const ports: number[] = [];
    for (const n of [0, 1, 2, 3]) {
      events.set(n, []);
      const session = await pool.open(`SCL_${n}`, (event) => events.get(n)?.push(event));
      ports.push(session.local.port);
    }
    const [victim] = pool.pids;
    const killedAt = performance.now();
    process.kill(victim ?? 0, 'SIGKILL');
    const ended = () => [...events.values()].filter((list) => list.length > 0).length;
    await until(() => ended() === 2);
    // A hundredth of it, where no other process wants the processor.
    expect(performance.now() - killedAt).toBeLessThan(5_000);
    for (const [n, list] of events) {
      const isVictim = (ports[n] ?? 0) < 23_250;
      expect(list).toEqual(isVictim ? [{ kind: 'room-ended', reason: 'media-lost' }] : []);
    }
    await until(() => pool.pids.length === 2 && !pool.pids.includes(victim ?? 0));
    const session = await pool.open('SCL_after', () => {});
    expect(session.local.port).toBeLessThan(23_250);
  });

  it('begins a process when each of those before has its number of sessions', async () => {
    const { pool } = start(3, 24_400, undefined, 2);
    expect(pool.pids.length).toBe(1);
    for (const [n, processes] of [1, 2, 2, 3, 3].entries()) {
      await pool.open(`SCL_${n}`, () => {});
      expect(pool.pids.length).toBe(processes);
    }
  });

  it('begins a process when the ports of those before are used up', async () => {
    const { pool } = start(2, 24_600, undefined, 1_000);
    const opened = await Promise.allSettled(
      Array.from({ length: 26 }, (_, n) => pool.open(`SCL_${n}`, () => {})),
    );
    expect(opened.every((one) => one.status === 'fulfilled')).toBe(true);
    expect(pool.pids.length).toBe(2);
  });

  it('goes on with the ports of another process when those of one are used up', async () => {
    const { pool } = start(2, 23_800);
    const opened = await Promise.allSettled(
      Array.from({ length: 51 }, (_, n) => pool.open(`SCL_${n}`, () => {})),
    );
    expect(opened.filter((one) => one.status === 'rejected').length).toBe(1);
  });

  it.each([
    ['has served its number of sessions', { sessionsServedMax: 2, residentBytesMax: 2 ** 40 }],
    ['uses more memory than it may', { sessionsServedMax: 1_000, residentBytesMax: 1 }],
  ])(
    'lets a process that %s end its sessions, and gives new ones to a successor',
    async (_why, growth) => {
      const { pool, lines } = start(1, 24_000, growth);
      const events: MediaEvent[] = [];
      const open = () => pool.open('SCL_old', (event) => events.push(event));
      const old = [await open(), await open()];
      const [retired] = pool.pids;
      await until(() => pool.stats().processes.some(({ isRetiring }) => isRetiring));
      await until(() => pool.pids.length >= 2);
      expect(pool.pids).toContain(retired);
      expect(pool.stats().sessions).toBe(2);
      for (const session of old) await session.close();
      await until(() => !pool.pids.includes(retired ?? 0));
      const session = await pool.open('SCL_new', () => {});
      expect(session.local.port).toBeGreaterThanOrEqual(24_000);
      expect(events).toEqual([]);
      const ended = lines.find(
        ({ event, fields }) => event === 'media-process-ended' && fields['pid'] === retired,
      );
      expect(ended?.fields).toMatchObject({ sessions_lost: 0, code: 0 });
      expect(pool.stats().restarts).toBe(0);
    },
  );

  it('kills a process that hangs, and its sessions are told', async () => {
    const { pool } = start(1, 24_200);
    const events: MediaEvent[] = [];
    await pool.open('SCL_hangs', (event) => events.push(event));
    const [hanging] = pool.pids;
    process.kill(hanging ?? 0, 'SIGSTOP');
    await until(() => events.length > 0, 2 * mediaProcessLimits.silenceMs);
    expect(events).toEqual([{ kind: 'room-ended', reason: 'media-lost' }]);
    await until(() => pool.pids.length === 1 && !pool.pids.includes(hanging ?? 0));
    expect(pool.stats().restarts).toBe(1);
  }, 40_000);

  it('tells of each process what it holds and uses', async () => {
    const { pool } = start(2, 24_400);
    await Promise.all([1, 2, 3].map((n) => pool.open(`SCL_${n}`, () => {})));
    await until(() => pool.stats().processes.every(({ residentBytes }) => residentBytes > 1e7));
    const { processes } = pool.stats();
    expect(processes.map(({ sessions }) => sessions).toSorted()).toEqual([1, 2]);
    expect(processes.map(({ pid }) => pid)).toEqual(pool.pids);
    for (const { upMs, isRetiring } of processes) {
      expect(upMs).toBeGreaterThan(0);
      expect(isRetiring).toBe(false);
    }
  });

  it('says why a session could not be opened', async () => {
    const { pool } = start(1, 23_400);
    const opened = await Promise.allSettled(
      Array.from({ length: 51 }, (_, n) => pool.open(`SCL_${n}`, () => {})),
    );
    const refused = opened.filter((one) => one.status === 'rejected');
    expect(refused.length).toBe(1);
    expect(refused[0]?.reason).toMatchObject({ reason: 'no-rtp-port' });
  });

  it('ends its processes when it is closed', async () => {
    const { pool } = start(2, 23_600);
    const pids = [...pool.pids];
    await pool.open('SCL_1', () => {});
    await pool.close();
    expect(pool.pids).toEqual([]);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });
});
