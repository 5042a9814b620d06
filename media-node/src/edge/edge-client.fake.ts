/** An edge for tests: answers offers with what it was told, or hangs until told; keeps the records. */
import type { ChallengeDecision, Decision } from '@callgate/shared/contract/decision.ts';
import type { Offer } from '@callgate/shared/contract/offer.ts';
import type { PinAnswer } from '@callgate/shared/contract/pin.ts';
import type { CallProgress } from '@callgate/shared/contract/progress.ts';
import type { CallRecord } from '@callgate/shared/contract/record.ts';
import type { EdgeClient } from './edge-client.ts';

export class FakeEdge implements EdgeClient {
  readonly offers: Offer[] = [];
  /** Of each question, in order. */
  readonly traceparents: string[] = [];
  readonly pins: PinAnswer[] = [];
  readonly reports: CallProgress[] = [];
  readonly records: CallRecord[] = [];
  #waiting: { resolve: (decision: Decision) => void; reject: (error: unknown) => void }[] = [];

  /** What it has given the node to say, whatever is asked. */
  known: ChallengeDecision | null = null;

  knownChallenge(): ChallengeDecision | null {
    return this.known;
  }

  decide(offer: Offer, traceparent: string): Promise<Decision> {
    this.traceparents.push(traceparent);
    this.offers.push(offer);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  answerPin(_callId: string, answer: PinAnswer, traceparent: string): Promise<Decision> {
    this.traceparents.push(traceparent);
    this.pins.push(answer);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  progress(progress: CallProgress): void {
    this.reports.push(progress);
  }

  deliver(record: CallRecord): void {
    this.records.push(record);
  }

  /** Answers the oldest open question. Resolves when the call has seen it. */
  async answer(decision: Decision): Promise<void> {
    this.#waiting.shift()?.resolve(decision);
    await settled();
  }

  async fail(error: unknown): Promise<void> {
    this.#waiting.shift()?.reject(error);
    await settled();
  }
}

/** Lets everything that waits for a resolved promise run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
