import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import { silentLog } from '../ops/log.ts';
import { Drain } from './drain.ts';

let clock: FakeClock;
let calls: { size: number; ended: number; idle: () => void };
let exits: number;
let drain: Drain;
beforeEach(() => {
  clock = new FakeClock();
  calls = { size: 2, ended: 0, idle: () => {} };
  exits = 0;
  drain = new Drain({
    calls: {
      get size() {
        return calls.size;
      },
      onIdle: (fire) => {
        calls.idle = fire;
      },
      endAll: () => {
        calls.ended += 1;
      },
    },
    clock,
    log: silentLog,
    onExit: () => {
      exits += 1;
    },
  });
});

function lastCallEnds(): void {
  calls.size = 0;
  calls.idle();
}

describe('a drain', () => {
  it('lets calls go on, and ends the process when the last one has ended', () => {
    drain.begin({ deadlineMs: 60_000, exit: true });
    clock.advance(59_999);
    expect([drain.isDraining, calls.ended, exits]).toEqual([true, 0, 0]);
    lastCallEnds();
    expect([calls.ended, exits, clock.pending]).toEqual([0, 1, 0]);
  });

  it('ends what is still up at the deadline', () => {
    drain.begin({ deadlineMs: 60_000, exit: true });
    clock.advance(60_000);
    expect([calls.ended, exits]).toEqual([1, 0]);
    lastCallEnds();
    expect(exits).toBe(1);
  });

  it('ends an idle node at once', () => {
    calls.size = 0;
    drain.begin({ deadlineMs: 60_000, exit: true });
    expect([exits, clock.pending]).toEqual([1, 0]);
  });

  it('that does not end the process leaves it refusing calls until it is taken back', () => {
    drain.begin({ deadlineMs: 60_000, exit: false });
    lastCallEnds();
    expect([drain.isDraining, exits]).toEqual([true, 0]);
    expect(drain.undo()).toBe(true);
    expect(drain.isDraining).toBe(false);
  });

  it('taken back ends no call', () => {
    drain.begin({ deadlineMs: 60_000, exit: true });
    expect(drain.undo()).toBe(true);
    clock.advance(60_000);
    lastCallEnds();
    expect([calls.ended, exits]).toEqual([0, 0]);
  });

  it('cannot be taken back when the process is ending', () => {
    drain.begin({ deadlineMs: 0, exit: true });
    lastCallEnds();
    expect(drain.undo()).toBe(false);
    expect(drain.isDraining).toBe(true);
  });

  it('that the machine wants cannot be taken back, nor be given longer, nor leave the process', () => {
    drain.begin({ deadlineMs: 60_000, exit: true, isFinal: true });
    expect(drain.undo()).toBe(false);
    drain.begin({ deadlineMs: 600_000, exit: false });
    clock.advance(59_999);
    expect(calls.ended).toBe(0);
    clock.advance(1);
    expect(calls.ended).toBe(1);
    lastCallEnds();
    expect(exits).toBe(1);
  });

  it('that the machine wants takes the place of one that was to leave the process', () => {
    drain.begin({ deadlineMs: 1_000, exit: false });
    drain.begin({ deadlineMs: 60_000, exit: true, isFinal: true });
    drain.begin({ deadlineMs: 2_000, exit: true });
    clock.advance(2_000);
    expect(calls.ended).toBe(1);
    expect(drain.undo()).toBe(false);
  });

  it('ordered again goes by the newer deadline', () => {
    drain.begin({ deadlineMs: 60_000, exit: false });
    drain.begin({ deadlineMs: 1_000, exit: true });
    clock.advance(1_000);
    expect(calls.ended).toBe(1);
    clock.advance(60_000);
    expect(calls.ended).toBe(1);
  });
});
