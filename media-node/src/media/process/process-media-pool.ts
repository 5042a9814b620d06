/**
 * Media in processes of their own, begun as calls need them: each session goes to the one with the fewest, and signalling never waits for audio. Each process has its own share of the RTP ports.
 * One that is gone is replaced at once, later when it dies again and again; one that retires gets its successor before its last call ends.
 */

import { mediaProcessLimits } from '@callgate/shared/limits.ts';
import type { Clock, Timer } from '../../clock.ts';
import type { Log } from '../../ops/log.ts';
import { PartError } from '../../part-error.ts';
import { addFigures, countsOf, type MediaFigures, noFigures } from '../media-figures.ts';
import type { MediaEvent, MediaLoad, MediaPool, MediaSession } from '../media-session.ts';
import type { ProcessSettings } from './messages.ts';
import { type GrowthLimits, ProcessHandle, type ProcessStats } from './process-handle.ts';

export interface ProcessMediaPoolOptions extends ProcessSettings {
  /** At most so many, at least one. */
  readonly processes: number;
  /** The first process begins at once, another when each has so many sessions; left out: all begin at once. */
  readonly sessionsBeforeNext?: number;
  /** When a process is followed by another; left out: mediaProcessLimits. */
  readonly growth?: GrowthLimits;
  readonly clock: Clock;
  readonly log: Log;
}

/** A share of the ports: the process that takes calls with it, and those before it that still end theirs. */
interface Share {
  readonly portRange: { readonly from: number; readonly to: number };
  process: ProcessHandle | null;
  /** null: no calls have needed it yet. */
  startedAtMono: number | null;
  restarts: number;
  timer: Timer | null;
  /** Those that carry media with these ports, retiring ones included. */
  readonly handles: Set<ProcessHandle>;
  /** What those before have counted. */
  before: MediaFigures;
}

export class ProcessMediaPool implements MediaPool {
  readonly #options: ProcessMediaPoolOptions;
  readonly #shares: Share[];
  readonly #handles = new Set<ProcessHandle>();
  #isClosed = false;
  #restarts = 0;

  constructor(options: ProcessMediaPoolOptions) {
    this.#options = options;
    this.#shares = splitPorts(options.portRange, options.processes).map((portRange) => ({
      portRange,
      process: null,
      startedAtMono: null,
      restarts: 0,
      timer: null,
      handles: new Set(),
      before: noFigures,
    }));
    const first = options.sessionsBeforeNext === undefined ? this.#shares.length : 1;
    for (const share of this.#shares.slice(0, first)) this.#start(share);
  }

  async open(callId: string, onEvent: (event: MediaEvent) => void): Promise<MediaSession> {
    const full = () => new PartError('over-capacity', 'no media process takes calls');
    if (this.#isClosed) throw full();
    let failure: PartError | null = null;
    for (const process of this.#free().toSorted(byLoad)) {
      try {
        const opening = process.open(callId, onEvent);
        this.#growBeforeFull();
        return await opening;
      } catch (error) {
        if (!(error instanceof PartError)) throw error;
        // Its ports are used up, or it died: another may still have room.
        failure = error;
      }
    }
    const next = this.#notBegun();
    if (next === undefined) throw failure ?? full();
    return this.#start(next).open(callId, onEvent);
  }

  get isReady(): boolean {
    return this.#free().length > 0 || this.#notBegun() !== undefined;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** Processes that take calls. */
  #free(): ProcessHandle[] {
    return this.#shares.flatMap(({ process }) =>
      process === null || process.isRetiring ? [] : [process],
    );
  }

  stats(): MediaLoad & { readonly restarts: number; readonly processes: readonly ProcessStats[] } {
    const sum = { sessions: 0, rtpPortsBound: 0, residentBytes: 0, coresUsed: 0 };
    for (const { sessions, load } of this.#handles) {
      sum.sessions += sessions;
      sum.rtpPortsBound += load.rtpPortsBound;
      sum.residentBytes += load.residentBytes;
      sum.coresUsed += load.coresUsed;
    }
    const processes = [...this.#handles].map((handle) => handle.stats());
    return { ...sum, restarts: this.#restarts, processes };
  }

  figures(): readonly MediaFigures[] {
    return this.#shares.map(({ handles, before }) =>
      [...handles].map((handle) => handle.figures).reduce(addFigures, before),
    );
  }

  /** Process ids, for those who watch them. */
  get pids(): readonly number[] {
    return [...this.#handles].flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const share of this.#shares) share.timer?.cancel();
    await Promise.all([...this.#handles].map((handle) => handle.stop()));
  }

  /** Begins the next process while those there are still have room: a start takes a while. */
  #growBeforeFull(): void {
    const { sessionsBeforeNext } = this.#options;
    const next = this.#notBegun();
    if (sessionsBeforeNext === undefined || next === undefined) return;
    const running = this.#shares.flatMap(({ process }) => process ?? []);
    if (running.every(({ sessions }) => sessions >= sessionsBeforeNext)) this.#start(next);
  }

  #notBegun(): Share | undefined {
    return this.#shares.find(({ startedAtMono }) => startedAtMono === null);
  }

  #start(share: Share): ProcessHandle {
    const { clock, log } = this.#options;
    share.timer = null;
    share.startedAtMono = clock.nowMono();
    const handle: ProcessHandle = new ProcessHandle({
      settings: { ...settingsOf(this.#options), portRange: share.portRange },
      clock,
      log,
      limits: this.#options.growth ?? mediaProcessLimits,
      onRetiring: () => {
        if (share.process === handle && !this.#isClosed) this.#start(share);
      },
      onGone: () => this.#onGone(share, handle),
    });
    share.process = handle;
    this.#handles.add(handle);
    share.handles.add(handle);
    return handle;
  }

  #onGone(share: Share, handle: ProcessHandle): void {
    this.#handles.delete(handle);
    share.handles.delete(handle);
    share.before = addFigures(share.before, countsOf(handle.figures));
    if (share.process !== handle) return;
    share.process = null;
    if (this.#isClosed) return;
    this.#restarts++;
    const { clock } = this.#options;
    const livedMs = clock.nowMono() - (share.startedAtMono ?? 0);
    share.restarts = livedMs > mediaProcessLimits.steadyMs ? 0 : share.restarts + 1;
    const waitMs = Math.min(
      mediaProcessLimits.restartPauseMaxMs,
      share.restarts === 0 ? 0 : 100 * 2 ** Math.min(10, share.restarts),
    );
    share.timer = clock.after(waitMs, () => this.#start(share));
  }
}

/** Fewest sessions first; among equals the one that works least. */
function byLoad(one: ProcessHandle, other: ProcessHandle): number {
  return one.sessions - other.sessions || one.load.coresUsed - other.load.coresUsed;
}

/** What crosses to a process: nothing of clocks and logs. */
function settingsOf(options: ProcessMediaPoolOptions): ProcessSettings {
  const { address, advertise, portRange, promptsFolder, audioPriority } = options;
  const { roomAddress, roomClient, roomAudio } = options;
  const room = { roomAddress, roomClient, roomAudio };
  return { address, advertise, portRange, promptsFolder, audioPriority, ...room };
}

/** Even shares of a range, each beginning at an even port; fewer when there are fewer pairs. */
export function splitPorts(
  range: { readonly from: number; readonly to: number },
  shares: number,
): { readonly from: number; readonly to: number }[] {
  const first = range.from + (range.from % 2);
  const pairs = Math.floor((range.to - first + 1) / 2);
  const count = Math.max(1, Math.min(shares, pairs));
  return Array.from({ length: count }, (_, i) => ({
    from: first + 2 * Math.floor((pairs * i) / count),
    to: first + 2 * Math.floor((pairs * (i + 1)) / count) - 1,
  }));
}
