/**
 * Whose offer waits for its answer while an INVITE is being answered (RFC 3261 §13.2.1, RFC 3262 §5): it decides whether a PRACK or an UPDATE may bring
 * another one (RFC 3311 §5.2).
 */

export type OfferStage =
  /** The INVITE has no offer, and none of ours has gone out. */
  | 'none'
  /** The caller's waits for our answer. */
  | 'theirs'
  /** Ours waits for the caller's answer. */
  | 'ours'
  | 'settled';

export class OfferState {
  readonly #hasOffer: boolean;
  #stage: OfferStage;

  /** @param hasOffer whether the INVITE brings one */
  constructor(hasOffer: boolean) {
    this.#hasOffer = hasOffer;
    this.#stage = hasOffer ? 'theirs' : 'none';
  }

  /** Ours has been answered: a description in a later answer to the INVITE would be another offer (RFC 3261 §13.2.1). */
  get isClosed(): boolean {
    return this.#stage === 'settled' && !this.#hasOffer;
  }

  get stage(): OfferStage {
    return this.#stage;
  }

  /** A description of ours went out in an answer that arrives. One that may be lost counts for nothing. */
  described(): void {
    if (this.#stage === 'theirs') this.#stage = 'settled';
    if (this.#stage === 'none') this.#stage = 'ours';
  }

  /** The caller has answered ours, or has had its chance to. */
  answered(): void {
    if (this.#stage === 'ours') this.#stage = 'settled';
  }
}
