/**
 * One media process and the sessions in it, seen from the main process: started, fed, watched, replaced by its owner when it is gone. A process that says
 * nothing for a while hangs and is killed; one that dies takes its own sessions and no others.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { mediaProcessLimits } from '@callgate/shared/limits.ts';
import type { Clock, Timer } from '../../clock.ts';
import type { Log } from '../../ops/log.ts';
import { PartError } from '../../part-error.ts';
import { mediaProcessProgram } from '../../program-files.ts';
import { type MediaFigures, noFigures } from '../media-figures.ts';
import type { MediaEvent, MediaSession } from '../media-session.ts';
import type { FromProcess, ProcessLoad, ProcessSettings, ToProcess } from './messages.ts';
import { RemoteMediaSession } from './remote-media-session.ts';

/**
 * The folder in which Node keeps compiled code (NODE_COMPILE_CACHE), when the main process was given one: with it a process begins in half the time and with half the memory,
 * because nothing has to be stripped of its types.
 */
function compileCache(): NodeJS.ProcessEnv {
  const folder = getCompileCacheDir();
  // Node makes a folder for its own version in it.
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}

interface Opening {
  readonly onEvent: (event: MediaEvent) => void;
  readonly resolve: (session: MediaSession) => void;
  readonly reject: (error: PartError) => void;
}

/** What a process may grow to: then it takes no more sessions, and ends when its last one does. */
export type GrowthLimits = Readonly<Record<'residentBytesMax' | 'sessionsServedMax', number>>;

/** One process, for those who watch a node. */
export interface ProcessStats {
  readonly pid: number | null;
  readonly sessions: number;
  /** Since its start, those in it included. */
  readonly sessionsServed: number;
  readonly residentBytes: number;
  /** In the last second. */
  readonly coresUsed: number;
  readonly isRetiring: boolean;
  readonly upMs: number;
}

export interface ProcessHandleParts {
  readonly settings: ProcessSettings;
  readonly clock: Clock;
  readonly log: Log;
  /** When it has grown enough to be followed by another. */
  readonly limits: GrowthLimits;
  /** It takes no more sessions; its successor may begin. */
  readonly onRetiring: () => void;
  /** The process is gone; all its sessions have been told. */
  readonly onGone: () => void;
}

export class ProcessHandle {
  readonly #parts: ProcessHandleParts;
  readonly #child: ChildProcess;
  readonly #opening = new Map<number, Opening>();
  readonly #sessions = new Map<number, RemoteMediaSession>();
  readonly #gone: Promise<void>;
  #load: ProcessLoad = { sessions: 0, rtpPortsBound: 0, residentBytes: 0, coresUsed: 0 };
  #figures = noFigures;
  #next = 1;
  #served = 0;
  #isRetiring = false;
  readonly #startedAtMono: number;
  #watch: Timer | null = null;

  constructor(parts: ProcessHandleParts) {
    this.#parts = parts;
    this.#startedAtMono = parts.clock.nowMono();
    this.#child = fork(mediaProcessProgram, [], {
      // What the main process knows is not this one's business. LiveKit's SDK writes its debug log to the output anywhere but here.
      // Native threads of WebRTC are many and allocate little: an arena for each would hold memory that nobody uses.
      env: { NODE_ENV: 'production', MALLOC_ARENA_MAX: '2', ...compileCache() },
      // Audio makes little garbage: V8's usual 16 MB for the young would only lie about.
      execArgv: ['--max-semi-space-size=1'],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#gone = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.#onExit(code, signal);
        resolve();
      });
      this.#child.on('error', (error) => {
        parts.log('error', 'media-process-failed', { why: error });
        // A process that could not be started has no exit. Told later: whoever makes us does not know us yet.
        if (this.#child.pid !== undefined) return;
        this.#onExit(null, null);
        resolve();
      });
    });
    this.#child.on('message', (message) => this.#onMessage(message as FromProcess));
    this.#send({ do: 'start', settings: parts.settings });
    this.#expectLife();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Sessions in it, those being opened included. */
  get sessions(): number {
    return this.#sessions.size + this.#opening.size;
  }

  /** As it last told. */
  get load(): ProcessLoad {
    return this.#load;
  }

  stats(): ProcessStats {
    const { residentBytes, coresUsed } = this.#load;
    return {
      pid: this.pid ?? null,
      sessions: this.sessions,
      sessionsServed: this.#served,
      residentBytes,
      coresUsed,
      isRetiring: this.#isRetiring,
      upMs: Math.round(this.#parts.clock.nowMono() - this.#startedAtMono),
    };
  }

  /** As it last told. */
  get figures(): MediaFigures {
    return { ...this.#figures, sessions: this.sessions };
  }

  /** It takes no more sessions: it has grown, or served many, and ends when its last one does. */
  get isRetiring(): boolean {
    return this.#isRetiring;
  }

  /** Opens a session in it. @throws PartError as the pool does, `internal` when the process dies meanwhile */
  open(callId: string, onEvent: (event: MediaEvent) => void): Promise<MediaSession> {
    const session = this.#next++;
    this.#served++;
    return new Promise((resolve, reject) => {
      this.#opening.set(session, { onEvent, resolve, reject });
      this.#send({ do: 'open', session, callId });
    });
  }

  /** Ends it when it is empty. */
  retire(): void {
    this.#isRetiring = true;
    if (this.sessions === 0) this.#send({ do: 'stop' });
  }

  /** Closes every session and ends it, by force after a while. */
  async stop(): Promise<void> {
    this.#isRetiring = true;
    await Promise.all([...this.#sessions.values()].map((session) => session.close()));
    this.#send({ do: 'stop' });
    const timer = this.#parts.clock.after(mediaProcessLimits.stopMs, () =>
      this.#child.kill('SIGKILL'),
    );
    await this.#gone;
    timer.cancel();
  }

  #send(message: ToProcess): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  #onMessage(message: FromProcess): void {
    this.#expectLife();
    switch (message.kind) {
      case 'opened':
        return this.#onOpened(message.session, message.local);
      case 'not-opened': {
        const opening = this.#opening.get(message.session);
        this.#opening.delete(message.session);
        return opening?.reject(new PartError(message.reason, message.message));
      }
      case 'event':
        return this.#sessions.get(message.session)?.event(message.event);
      case 'closed':
        this.#sessions.get(message.session)?.closed(message.stats);
        this.#sessions.delete(message.session);
        return this.#maybeEnd();
      case 'load':
        this.#load = message.load;
        this.#figures = message.figures;
        return this.#maybeRetire();
      case 'log':
        return this.#parts.log(message.level, message.event, message.fields);
      default:
        return message satisfies never;
    }
  }

  #onOpened(session: number, local: { readonly address: string; readonly port: number }): void {
    const opening = this.#opening.get(session);
    this.#opening.delete(session);
    if (opening === undefined) return;
    const remote = new RemoteMediaSession({
      session,
      local,
      send: (message) => this.#send(message),
      onEvent: opening.onEvent,
      clock: this.#parts.clock,
    });
    this.#sessions.set(session, remote);
    opening.resolve(remote);
  }

  #maybeRetire(): void {
    const { residentBytesMax, sessionsServedMax } = this.#parts.limits;
    const isGrown =
      this.#load.residentBytes > residentBytesMax || this.#served >= sessionsServedMax;
    if (!isGrown || this.#isRetiring) return;
    this.#parts.log('info', 'media-process-retires', {
      pid: this.pid,
      served: this.#served,
      resident_bytes: this.#load.residentBytes,
    });
    this.retire();
    this.#parts.onRetiring();
  }

  #maybeEnd(): void {
    if (this.#isRetiring && this.sessions === 0) this.#send({ do: 'stop' });
  }

  #expectLife(): void {
    this.#watch?.cancel();
    this.#watch = this.#parts.clock.after(mediaProcessLimits.silenceMs, () => {
      this.#parts.log('error', 'media-process-hangs', { pid: this.pid });
      this.#child.kill('SIGKILL');
    });
  }

  #onExit(code: number | null, signal: string | null): void {
    this.#watch?.cancel();
    const lost = this.#sessions.size + this.#opening.size;
    const isPlanned = this.#isRetiring && lost === 0;
    this.#parts.log(isPlanned ? 'info' : 'error', 'media-process-ended', {
      pid: this.pid,
      code,
      signal,
      sessions_lost: lost,
    });
    for (const { reject } of this.#opening.values()) {
      reject(new PartError('media-lost', 'the media process died while the session was opened'));
    }
    this.#opening.clear();
    for (const session of this.#sessions.values()) session.lost();
    this.#sessions.clear();
    this.#parts.onGone();
  }
}
