import { describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import { silentLog } from '../ops/log.ts';
import { Drain } from './drain.ts';
import { obey } from './node-control.ts';

/** A node with one call up, or none. */
function node(callId: string | null) {
  const onExit = vi.fn<() => void>();
  const drain = new Drain({
    calls: { size: callId === null ? 0 : 1, onIdle: () => {}, endAll: () => {} },
    clock: new FakeClock(),
    log: silentLog,
    onExit,
  });
  const levels: string[] = [];
  const calls = {
    hangUp: (id: string) => id === callId,
    transfer: async ({ call_id }: { call_id: string }) =>
      call_id === callId ? ({ kind: 'done' } as const) : null,
  };
  return { drain, calls, setLogLevel: (level: string) => levels.push(level), levels, onExit };
}

const callId = 'SCL_4xYpQ2mNkT7w';
const unknown = { kind: 'refused', why: 'unknown-call', detail: 'no such call is up on the node' };

describe('a command', () => {
  it('to drain ends the process when that is wanted, and leaves it when not', async () => {
    for (const exit of [true, false]) {
      const parts = node(null);
      expect(await obey({ do: 'drain', deadline_ms: 60_000, exit }, parts)).toEqual({
        kind: 'done',
      });
      expect(parts.drain.isDraining).toBe(true);
      expect(parts.onExit).toHaveBeenCalledTimes(exit ? 1 : 0);
    }
  });

  it('to take calls again is refused when the process is ending', async () => {
    const parts = node(null);
    await obey({ do: 'drain', deadline_ms: 0, exit: false }, parts);
    expect(await obey({ do: 'undrain' }, parts)).toEqual({ kind: 'done' });
    await obey({ do: 'drain', deadline_ms: 0, exit: true }, parts);
    expect(await obey({ do: 'undrain' }, parts)).toMatchObject({ why: 'failed' });
  });

  it('about a call is done with that call, and refused when it is not up', async () => {
    const headers = {};
    const transfer = { do: 'transfer', call_id: callId, to: 'tel:+15550111' } as const;
    const rest = { headers, play_dialtone: false, timeout_ms: 1_000 };
    for (const [parts, expected] of [
      [node(callId), { kind: 'done' }],
      [node(null), unknown],
    ] as const) {
      expect(await obey({ do: 'hang-up', call_id: callId, headers }, parts)).toEqual(expected);
      expect(await obey({ ...transfer, ...rest }, parts)).toEqual(expected);
    }
  });

  it('sets the level of the log', async () => {
    const parts = node(null);
    await obey({ do: 'log-level', level: 'debug' }, parts);
    expect(parts.levels).toEqual(['debug']);
  });
});
