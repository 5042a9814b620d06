/** How evenly the packets of live calls come, as a phone beside the drill sees it: paced-calls.ts in a process of its own. */
import { fileURLToPath } from 'node:url';
import { Distribution } from '../bench/distribution.ts';
import { LocalProcess } from '../local/local-process.ts';
import { asideEnvironment } from '../local/run-aside.ts';

export interface PacedCallsOptions {
  readonly sip: string;
  readonly livekit: { readonly url: string; readonly apiKey: string; readonly apiSecret: string };
  /** One call to each. */
  readonly numbers: readonly string[];
  /** Address of this machine that they come from. */
  readonly phones: string;
  /** Address of this machine that those who speak in their rooms send from. */
  readonly speakers: string;
}

/** Times between packets of one call, all calls together, ms. */
export interface PacingGaps {
  /** As they were said in the room. */
  readonly said: number[];
  /** As they came at the phone. */
  readonly heard: number[];
}

/** Printed when all calls are up, and before the times of a second. */
export const upLine = 'UP';
export const gapsMark = 'GAPS ';

const program = fileURLToPath(new URL('./paced-calls.ts', import.meta.url));
const upMs = 60_000;

export class PacingWatch {
  readonly #process: LocalProcess;

  private constructor(process: LocalProcess) {
    this.#process = process;
  }

  /** Calls those numbers and waits until all are answered. @throws Error with its last lines when they are not */
  static async start(options: PacedCallsOptions): Promise<PacingWatch> {
    let isUp = false;
    const process_ = await LocalProcess.start({
      name: 'paced calls',
      command: process.execPath,
      args: [program],
      environment: asideEnvironment(options),
      onLine: (line) => {
        isUp ||= line === upLine;
      },
    });
    try {
      await process_.waitUntil(async () => isUp, upMs);
    } catch (error) {
      await process_.stop();
      throw error;
    }
    return new PacingWatch(process_);
  }

  /** Times between packets, ms, while something runs, told once a second. @throws Error when the calls are gone */
  async during<T>(run: () => Promise<T>): Promise<{
    readonly result: T;
    readonly said: Distribution;
    readonly heard: Distribution;
  }> {
    const [said, heard] = [new Distribution(), new Distribution()];
    const unlisten = this.#process.onLine((line) => {
      if (!line.startsWith(gapsMark)) return;
      const gaps = JSON.parse(line.slice(gapsMark.length)) as PacingGaps;
      for (const gap of gaps.said) said.add(gap);
      for (const gap of gaps.heard) heard.add(gap);
    });
    try {
      const result = await run();
      if (!this.#process.isRunning)
        throw new Error(`paced calls ended\n${this.#process.lastLines}`);
      return { result, said, heard };
    } finally {
      unlisten();
    }
  }

  /** Hangs up. */
  async stop(): Promise<void> {
    await this.#process.stop();
  }
}
