import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../clock.ts';
import type { MediaEvent } from '../media-session.ts';
import { ProcessMediaPool, splitPorts } from './process-media-pool.ts';

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

  function start(processes: number, from: number) {
    const lines: { event: string; fields: Readonly<Record<string, unknown>> }[] = [];
    const pool = new ProcessMediaPool({
      address: '127.0.0.1',
      advertise: '192.0.2.1',
      roomAddress: '127.0.0.1',
      roomClient: 'direct',
      roomAudio: 'opus',
      portRange: { from, to: from + 99 },
      promptsFolder: null,
      processes,
      clock: systemClock,
      log: (_level, event, fields = {}) => lines.push({ event, fields }),
    });
    pools.push(pool);
    return { pool, lines };
  }

  async function until(check: () => boolean): Promise<void> {
    for (const end = performance.now() + 10_000; !check(); ) {
      if (performance.now() > end) throw new Error(`not within 10 s: ${check}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  it('places sessions on the process with the fewest, and takes them back', async () => {
    const { pool, lines } = start(2, 43_000);
    const sessions = await Promise.all([1, 2, 3, 4].map((n) => pool.open(`SCL_${n}`, () => {})));
    const lowShare = sessions.filter(({ local }) => local.port < 43_050).length;
    expect(lowShare).toBe(2);
    expect(sessions[0]?.local.address).toBe('192.0.2.1');
    expect(pool.stats().sessions).toBe(4);
    for (const session of sessions) await session.close();
    expect(pool.stats().sessions).toBe(0);
    await until(() => lines.filter(({ event }) => event === 'media-closed').length === 4);
  });

  it('lets only the sessions of a process die with it, tells them at once, and replaces it', async () => {
    const { pool } = start(2, 43_200);
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
    expect(performance.now() - killedAt).toBeLessThan(1_000);
    for (const [n, list] of events) {
      const isVictim = (ports[n] ?? 0) < 43_250;
      expect(list).toEqual(isVictim ? [{ kind: 'room-ended', reason: 'internal' }] : []);
    }
    await until(() => pool.pids.length === 2 && !pool.pids.includes(victim ?? 0));
    const session = await pool.open('SCL_after', () => {});
    expect(session.local.port).toBeLessThan(43_250);
  });

  it('goes on with the ports of another process when those of one are used up', async () => {
    const { pool } = start(2, 43_800);
    const opened = await Promise.allSettled(
      Array.from({ length: 51 }, (_, n) => pool.open(`SCL_${n}`, () => {})),
    );
    expect(opened.filter((one) => one.status === 'rejected').length).toBe(1);
  });

  it('says why a session could not be opened', async () => {
    const { pool } = start(1, 43_400);
    const opened = await Promise.allSettled(
      Array.from({ length: 51 }, (_, n) => pool.open(`SCL_${n}`, () => {})),
    );
    const refused = opened.filter((one) => one.status === 'rejected');
    expect(refused.length).toBe(1);
    expect(refused[0]?.reason).toMatchObject({ reason: 'no-rtp-port' });
  });

  it('ends its processes when it is closed', async () => {
    const { pool } = start(2, 43_600);
    const pids = [...pool.pids];
    await pool.open('SCL_1', () => {});
    await pool.close();
    expect(pool.pids).toEqual([]);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });
});
