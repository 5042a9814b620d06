/**
 * A program of the stack as a child process: started, read line by line, stopped by its own process id. It lives in a process
 * group of its own, so that Ctrl-C reaches us alone and we stop things in order; and where Debian's `setpriv` is at hand the
 * kernel ends it when we are killed, so that nothing is left behind even then.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { runSecrets } from './secret-watch.ts';

export interface ProcessOptions {
  /** For messages: `livekit-server`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the program; nothing of ours leaks in. */
  readonly environment: Readonly<Record<string, string>>;
  readonly folder?: string;
  /** A program of Callgate: no line of it may hold a secret (secret-watch.ts). */
  readonly isOurs?: boolean;
  /** Every line of both outputs, as it comes. */
  readonly onLine?: (line: string) => void;
}

/** How the program ended: `status 1`, `signal SIGKILL`. */
export type ProcessEnd = string;

/** Output kept for error messages, lines. */
const linesKept = 40;
/** From SIGTERM to SIGKILL, ms: longer than any part of ours takes to leave its rooms. */
const stopPatienceMs = 12_000;

const setpriv = '/usr/bin/setpriv';

export class LocalProcess {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the program has ended, whoever ended it. */
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  readonly #lastLines: string[] = [];
  readonly #listeners = new Set<(line: string) => void>();
  #end: ProcessEnd | null = null;

  private constructor(options: ProcessOptions, child: ChildProcess, pid: number) {
    this.name = options.name;
    this.pid = pid;
    this.#child = child;
    if (options.onLine !== undefined) this.#listeners.add(options.onLine);
    if (options.isOurs === true)
      this.#listeners.add((line) => runSecrets.search(options.name, line));
    for (const stream of [child.stdout, child.stderr]) if (stream !== null) this.#read(stream);
    this.ended = new Promise((settle) => {
      child.once('close', (status, signal) => {
        this.#end = signal === null ? `status ${status}` : `signal ${signal}`;
        settle(this.#end);
      });
    });
  }

  /** @throws Error when the program cannot be started at all. */
  static async start(options: ProcessOptions): Promise<LocalProcess> {
    const wrap = existsSync(setpriv) ? [setpriv, '--pdeathsig', 'KILL'] : [];
    const [command = '', ...args] = [...wrap, options.command, ...options.args];
    const child = spawn(command, args, {
      cwd: options.folder,
      env: { ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    await new Promise<void>((settle, fail) => {
      child.once('spawn', settle);
      child.once('error', (error) =>
        fail(new Error(`${options.name} cannot be started: ${error.message}`)),
      );
    });
    if (child.pid === undefined) throw new Error(`${options.name} has no process id`);
    return new LocalProcess(options, child, child.pid);
  }

  /** True until the program has ended. */
  get isRunning(): boolean {
    return this.#end === null;
  }

  /** The last lines it wrote, for error messages. */
  get lastLines(): string {
    return this.#lastLines.join('\n');
  }

  /** Calls `listen` for every line from now on. Returns what stops it. */
  onLine(listen: (line: string) => void): () => void {
    this.#listeners.add(listen);
    return () => this.#listeners.delete(listen);
  }

  /**
   * Waits until `isReady` says so about a line, or until `probe` succeeds, tried every 50 ms.
   * @throws Error with the program's last lines when it ends first or the time is up.
   */
  async waitUntil(probe: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (this.isRunning && performance.now() < deadline) {
      if (await probe()) return;
      await new Promise((settle) => setTimeout(settle, 50));
    }
    const why =
      this.#end === null ? `was not ready within ${timeoutMs / 1000} s` : `ended: ${this.#end}`;
    throw new Error(`${this.name} ${why}\n${this.lastLines}`);
  }

  /** Sends a signal to this process alone. */
  kill(signal: NodeJS.Signals): void {
    if (this.isRunning) this.#child.kill(signal);
  }

  /** SIGTERM, then SIGKILL when it does not end in time, to its children, too. Resolves when it has ended. Idempotent. @param patienceMs from the one to the other */
  async stop(patienceMs = stopPatienceMs): Promise<ProcessEnd> {
    this.kill('SIGTERM');
    const lastResort = setTimeout(() => this.#killAll(), patienceMs);
    const end = await this.ended;
    clearTimeout(lastResort);
    return end;
  }

  /** A child that outlived it would keep our pipes open, and it would never seem to have ended. */
  #killAll(): void {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // All of them have ended by now.
    }
  }

  #read(stream: Readable): void {
    createInterface({ input: stream }).on('line', (line) => {
      this.#lastLines.push(line);
      if (this.#lastLines.length > linesKept) this.#lastLines.shift();
      for (const listen of this.#listeners) listen(line);
    });
  }
}
