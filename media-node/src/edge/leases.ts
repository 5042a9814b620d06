/**
 * The calls of this node that count against a cap of their trunk (shared/contract/lease.ts): stands in front of the edge, sees which decisions carry a lease and which records
 * end one, and tells the edge every capLimits.renewMs that the others live. A report that fails is made up for by the next; calls never depend on it.
 */
import type { ChallengeDecision, Decision } from '@callgate/shared/contract/decision.ts';
import type { LeasedCall, LeaseReport } from '@callgate/shared/contract/lease.ts';
import type { Offer } from '@callgate/shared/contract/offer.ts';
import type { PinAnswer } from '@callgate/shared/contract/pin.ts';
import type { CallProgress } from '@callgate/shared/contract/progress.ts';
import type { CallRecord } from '@callgate/shared/contract/record.ts';
import { contractVersion } from '@callgate/shared/contract/version.ts';
import { capLimits } from '@callgate/shared/limits.ts';
import type { Clock, Timer } from '../clock.ts';
import type { Log } from '../ops/log.ts';
import type { EdgeClient } from './edge-client.ts';

export interface LeasesOptions {
  readonly edge: EdgeClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Tells the edge. Rejects when it has not heard. */
  readonly report: (report: LeaseReport) => Promise<void>;
}

export class Leases implements EdgeClient {
  readonly #options: LeasesOptions;
  /** By call id. */
  readonly #held = new Map<string, LeasedCall>();
  /** Calls whose decision is awaited, and whether they have ended meanwhile. */
  readonly #asked = new Map<string, 'lives' | 'ended'>();
  #timer: Timer | null = null;

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  knownChallenge(offer: Offer): ChallengeDecision | null {
    return this.#options.edge.knownChallenge(offer);
  }

  async decide(offer: Offer, traceparent: string): Promise<Decision> {
    const { call_id } = offer;
    this.#asked.set(call_id, 'lives');
    try {
      const decision = await this.#options.edge.decide(offer, traceparent);
      const lease = leaseOf(call_id, decision);
      // A caller who has given up has had his record: nothing else would end this lease.
      if (lease !== null && this.#asked.get(call_id) === 'ended') this.#tell([], [lease]);
      else if (lease !== null) this.#hold(lease);
      return decision;
    } finally {
      this.#asked.delete(call_id);
    }
  }

  answerPin(callId: string, answer: PinAnswer, traceparent: string): Promise<Decision> {
    return this.#options.edge.answerPin(callId, answer, traceparent);
  }

  progress(progress: CallProgress): void {
    this.#options.edge.progress(progress);
  }

  deliver(record: CallRecord): void {
    if (this.#asked.has(record.call_id)) this.#asked.set(record.call_id, 'ended');
    this.#held.delete(record.call_id);
    this.#options.edge.deliver(record);
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #hold(lease: LeasedCall): void {
    this.#held.set(lease.call_id, lease);
    this.#timer ??= this.#options.clock.after(capLimits.renewMs, () => this.#renew());
  }

  #renew(): void {
    this.#timer = null;
    const held = [...this.#held.values()];
    if (held.length === 0) return;
    for (let first = 0; first < held.length; first += capLimits.reportedMax)
      this.#tell(held.slice(first, first + capLimits.reportedMax), []);
    this.#timer = this.#options.clock.after(capLimits.renewMs, () => this.#renew());
  }

  #tell(held: LeasedCall[], ended: LeasedCall[]): void {
    this.#options.report({ contract: contractVersion, held, ended }).catch((error: unknown) => {
      this.#options.log('warn', 'leases-not-reported', { calls: held.length, why: error });
    });
  }
}

function leaseOf(call_id: string, decision: Decision): LeasedCall | null {
  if (decision.kind !== 'join' && decision.kind !== 'ask-pin') return null;
  const { lease_ms, trunk_id } = decision;
  return lease_ms === undefined || trunk_id === null ? null : { call_id, trunk_id };
}
