/**
 * How far calls have come, on its way to the edge: best effort, one try each, nothing kept on disk. A report waits for a moment and is overtaken by the next of its call: a caller who is answered at
 * once is reported once, after the work that the answer is. A report that is lost is made up for by the record of its call, so when the edge is slow or away the newest are dropped rather
 * than piled up.
 */
import type { CallProgress } from '@callgate/shared/contract/progress.ts';
import { spoolLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../ops/log.ts';

/** How long a report waits, ms: most callers who are answered at once are answered 30 ms after the first ring. */
const waitMs = 50;

export class ProgressReports {
  readonly #send: (progress: CallProgress) => Promise<void>;
  readonly #clock: Clock;
  readonly #log: Log;
  /** The newest of each call that waits. */
  readonly #waiting = new Map<string, CallProgress>();
  #underWay = 0;

  /** @param send rejects when the edge has not heard */
  constructor(send: (progress: CallProgress) => Promise<void>, clock: Clock, log: Log) {
    this.#send = send;
    this.#clock = clock;
    this.#log = log;
  }

  /** Never throws. */
  report(progress: CallProgress): void {
    const { call_id: callId } = progress;
    const isWaiting = this.#waiting.has(callId);
    if (!isWaiting && this.#underWay + this.#waiting.size >= spoolLimits.progressUnderWayMax)
      return;
    this.#waiting.set(callId, progress);
    if (!isWaiting) this.#clock.after(waitMs, () => this.#sendNewest(callId));
  }

  #sendNewest(callId: string): void {
    const progress = this.#waiting.get(callId);
    this.#waiting.delete(callId);
    if (progress === undefined) return;
    this.#underWay += 1;
    this.#send(progress)
      .catch((why: unknown) =>
        this.#log('debug', 'progress-not-reported', {
          call_id: progress.call_id,
          trace_id: progress.trace_id,
          why,
        }),
      )
      .finally(() => {
        this.#underWay -= 1;
      });
  }
}
