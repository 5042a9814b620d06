/** The edge port: the questions a node asks and the records it delivers. The call knows this interface only. */
import type { ChallengeDecision, Decision } from '@callgate/shared/contract/decision.ts';
import type { Offer } from '@callgate/shared/contract/offer.ts';
import type { PinAnswer } from '@callgate/shared/contract/pin.ts';
import type { CallProgress } from '@callgate/shared/contract/progress.ts';
import type { CallRecord } from '@callgate/shared/contract/record.ts';

export interface EdgeClient {
  /** What the edge has given this node to say to such an INVITE; null: it has to be asked. */
  knownChallenge(offer: Offer): ChallengeDecision | null;
  /**
   * Asks what to do with an INVITE.
   * @param traceparent of the call (W3C Trace Context), here and below
   * @throws PartError `edge-unreachable`, `edge-refused-node` or `edge-error`, within callLimits.decisionTotalMs.
   */
  decide(offer: Offer, traceparent: string): Promise<Decision>;
  /**
   * Brings the digits a caller keyed in; the answer is join, ask-pin (another attempt) or refuse.
   * @throws PartError as `decide`
   */
  answerPin(callId: string, answer: PinAnswer, traceparent: string): Promise<Decision>;
  /** Tells how far a call has come, best effort. Never throws. */
  progress(progress: CallProgress): void;
  /** Takes a record over: from here on it is delivered until acknowledged. Never throws. */
  deliver(record: CallRecord): void;
}
