/**
 * How far calls have come, on its way to the edge: best effort, one try each, nothing kept on disk. A report that is lost is made up for by the record of its call, so when the
 * edge is slow or away the newest are dropped rather than piled up.
 */
import type { CallProgress } from '@callgate/shared/contract/progress.ts';
import { spoolLimits } from '@callgate/shared/limits.ts';
import type { Log } from '../ops/log.ts';

export class ProgressReports {
  readonly #send: (progress: CallProgress) => Promise<void>;
  readonly #log: Log;
  #underWay = 0;

  /** @param send rejects when the edge has not heard */
  constructor(send: (progress: CallProgress) => Promise<void>, log: Log) {
    this.#send = send;
    this.#log = log;
  }

  /** Never throws. */
  report(progress: CallProgress): void {
    if (this.#underWay >= spoolLimits.progressUnderWayMax) return;
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
