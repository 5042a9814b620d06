/**
 * Listens to loopback with tcpdump, so that times are the kernel's and not those of a program that is late itself. Needs tcpdump (Debian: tcpdump) and root; where either is missing there is no
 * watch, and who wanted it falls back on a clock of its own and says so.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Datagram, readCapture } from './capture-file.ts';

/** What the kernel keeps until tcpdump comes for it, KB. */
const bufferKb = 16_384;
/** Longer than the kernel holds a block of packets back, ms. */
const flushMs = 1_500;
const listeningMs = 5_000;

export interface Heard {
  readonly datagrams: readonly Datagram[];
  /** Datagrams that the kernel had no room for: more than none, and counts and times are not whole. */
  readonly missed: number;
}

export class WireWatch {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #said: () => string;
  readonly #ended: Promise<void>;

  private constructor(
    child: ChildProcess,
    folder: string,
    said: () => string,
    ended: Promise<void>,
  ) {
    this.#child = child;
    this.#folder = folder;
    this.#said = said;
    this.#ended = ended;
  }

  /**
   * Listens from now on.
   * @param filter as pcap-filter(7) has it; the less it lets through the less it costs
   * @param bytesKept of each packet, its headers included
   * @returns null: tcpdump is not installed or may not listen
   */
  static async start(filter: string, bytesKept: number): Promise<WireWatch | null> {
    const folder = await mkdtemp(join(tmpdir(), 'callgate-wire-'));
    const file = await open(captureIn(folder), 'w');
    const args = ['-i', 'lo', '-n', '-B', String(bufferKb), '-s', String(bytesKept), '-w', '-'];
    // Written to a file that is open already: tcpdump gives root up before it would open one.
    const child = spawn('tcpdump', [...args, filter], {
      env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` },
      stdio: ['ignore', file.fd, 'pipe'],
    });
    let said = '';
    child.stderr?.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
    let isOver = false;
    const ended = new Promise<void>((settle) => {
      for (const event of ['error', 'close'] as const)
        child.once(event, () => {
          isOver = true;
          settle();
        });
    });
    await file.close();
    const deadline = performance.now() + listeningMs;
    while (!isOver && !said.includes('listening on') && performance.now() < deadline)
      await pause(20);
    const watch = new WireWatch(child, folder, () => said, ended);
    if (!isOver && said.includes('listening on')) return watch;
    await watch.close();
    return null;
  }

  /** Ends it. @returns what was heard */
  async stop(): Promise<Heard> {
    await pause(flushMs);
    this.#child.kill('SIGINT');
    await this.#ended;
    const missed = /^(\d+) packets? dropped by kernel/m.exec(this.#said())?.[1];
    const datagrams = readCapture(await readFile(captureIn(this.#folder)));
    await this.close();
    return { datagrams, missed: Number(missed ?? 0) };
  }

  /** Ends it, whatever was heard. Idempotent. */
  async close(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function captureIn(folder: string): string {
  return join(folder, 'heard.pcap');
}
