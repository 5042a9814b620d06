/**
 * The challenges that the edge has given this node to say (shared/contract/decision.ts, `next_challenge`): stands in front of the edge, sees what comes with the decision over right
 * credentials, and spares the next caller from the same source to the same number the question whose answer is known. The edge judges what the caller answers.
 *
 * Two things are kept, because they last differently: what is asked of callers from a source to a number, which is true for one revision of the routing, and the key
 * of nonces for a source and realm, which is good for minutes and comes with any call from there.
 */
import type {
  ChallengeDecision,
  Decision,
  NextChallenge,
} from '@callgate/shared/contract/decision.ts';
import type { Offer } from '@callgate/shared/contract/offer.ts';
import type { PinAnswer } from '@callgate/shared/contract/pin.ts';
import type { CallProgress } from '@callgate/shared/contract/progress.ts';
import type { CallRecord } from '@callgate/shared/contract/record.ts';
import { challengeLimits } from '@callgate/shared/limits.ts';
import { digestChallenges, digestNonce } from '@callgate/shared/sip/digest-challenge.ts';
import type { Clock } from '../clock.ts';
import { Recent } from '../recent.ts';
import type { EdgeClient } from './edge-client.ts';

export interface KnownChallengesOptions {
  readonly edge: Omit<EdgeClient, 'knownChallenge'>;
  readonly clock: Clock;
  /**
   * Number of the link to the edge that is up; null: none is. Without one nobody would tell us of a change of the routing, and what was given under another may
   * be of another deployment.
   */
  readonly linkNumber: () => number | null;
}

/** What is asked of callers from a source to a number. */
interface Place extends Pick<NextChallenge, 'status' | 'realm' | 'algorithms'> {
  readonly revision: number;
  readonly trunkId: string | null;
  readonly linkNumber: number | null;
}

interface Key {
  readonly nonceKey: string;
  /** The edge's clock when our monotonic one was at `sinceMono`, ms since epoch. */
  readonly issuedAtMs: number;
  readonly sinceMono: number;
  readonly goodMs: number;
}

export class KnownChallenges implements EdgeClient {
  readonly #options: KnownChallengesOptions;
  /** By source address and called user. */
  readonly #places: Recent<Place>;
  /** By source address and realm. */
  readonly #keys: Recent<Key>;
  #said = 0;

  constructor(options: KnownChallengesOptions) {
    const { placesMax, placeMs, keysMax, nonceWindowMs } = challengeLimits;
    this.#options = options;
    this.#places = new Recent(options.clock, { max: placesMax, keptMs: placeMs });
    this.#keys = new Recent(options.clock, { max: keysMax, keptMs: nonceWindowMs });
  }

  /** How many were said without asking, since the start. */
  get said(): number {
    return this.#said;
  }

  knownChallenge(offer: Offer): ChallengeDecision | null {
    const linkNumber = this.#options.linkNumber();
    if (offer.credentials !== null || linkNumber === null) return null;
    const place = this.#places.get(placeOf(offer));
    if (place?.linkNumber !== linkNumber || place.revision < offer.min_revision) return null;
    const key = this.#keys.get(keyOf(offer, place.realm));
    if (key === null) return null;
    const ageMs = this.#options.clock.nowMono() - key.sinceMono;
    if (ageMs >= key.goodMs) return null;
    const { realm, algorithms } = place;
    const nonce = digestNonce(key.nonceKey, Math.floor(key.issuedAtMs + ageMs), offer.sip_call_id);
    this.#said += 1;
    return {
      kind: 'challenge',
      revision: place.revision,
      trunk_id: place.trunkId,
      status: place.status,
      challenges: digestChallenges({ realm, algorithms, nonce }),
      reason: 'challenge-unanswered',
    };
  }

  async decide(offer: Offer, traceparent: string): Promise<Decision> {
    if (offer.credentials === null) return this.#options.edge.decide(offer, traceparent);
    try {
      const decision = await this.#options.edge.decide(offer, traceparent);
      this.#learn(offer, decision);
      return decision;
    } catch (error) {
      this.#forget(offer);
      throw error;
    }
  }

  answerPin(callId: string, answer: PinAnswer, traceparent: string): Promise<Decision> {
    return this.#options.edge.answerPin(callId, answer, traceparent);
  }

  progress(progress: CallProgress): void {
    this.#options.edge.progress(progress);
  }

  deliver(record: CallRecord): void {
    this.#options.edge.deliver(record);
  }

  #learn(offer: Offer, decision: Decision): void {
    const next = 'next_challenge' in decision ? decision.next_challenge : undefined;
    if (next === undefined) {
      // A wrong password to a nonce of ours speaks against what was asked for, but not against the key.
      const isKeyGood = decision.kind === 'challenge' && decision.is_guess === true;
      return this.#forget(offer, isKeyGood);
    }
    const { status, realm, algorithms, nonce_key: nonceKey } = next;
    const { revision, trunk_id: trunkId } = decision;
    const linkNumber = this.#options.linkNumber();
    this.#places.set(placeOf(offer), { status, realm, algorithms, revision, trunkId, linkNumber });
    this.#keys.set(keyOf(offer, realm), {
      nonceKey,
      issuedAtMs: next.issued_at_ms,
      sinceMono: this.#options.clock.nowMono(),
      goodMs: next.good_ms,
    });
  }

  /** The edge has not said again what it said before: the next caller's challenge is asked for. */
  #forget(offer: Offer, isKeyGood = false): void {
    const place = this.#places.get(placeOf(offer));
    if (place === null) return;
    this.#places.forget(placeOf(offer));
    if (!isKeyGood) this.#keys.forget(keyOf(offer, place.realm));
  }
}

/** The called user as the edge's routing sees it. An address holds no newline. */
function placeOf({ source, to }: Offer): string {
  return `${source.address}\n${to.user}`;
}

function keyOf({ source }: Offer, realm: string): string {
  return `${source.address}\n${realm}`;
}
