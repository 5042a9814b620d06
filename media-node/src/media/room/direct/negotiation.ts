/**
 * One offer at a time (RFC 3264 §4): the server asks for new offers whenever it has tracks that ours leaves no section for, and it may ask
 * again before it has answered. Pure.
 */

export class Negotiation {
  readonly #makeOffer: (offerId: number, sections: number) => boolean;
  /** The first offer travels in the join request. */
  #offerId = 1;
  #isAwaitingAnswer = true;
  /** Sections asked for while an offer was outstanding; null: none. */
  #due: number | null = null;

  /**
   * @param makeOffer makes and sends the offer of that id with so many new receive sections; false: there can be no more, nothing was sent. A
   * server whose wish cannot be met asks again at once, for ever, so it must not be answered with the same offer.
   */
  constructor(makeOffer: (offerId: number, sections: number) => boolean) {
    this.#makeOffer = makeOffer;
  }

  /** An offer of ours has no answer yet. */
  get isOutstanding(): boolean {
    return this.#isAwaitingAnswer;
  }

  /** The server wants an offer. @param sections receive sections it misses; 0: those there are will do */
  require(sections: number): void {
    if (this.#isAwaitingAnswer) {
      this.#due = Math.max(this.#due ?? 0, sections);
      return;
    }
    this.#due = null;
    this.#isAwaitingAnswer = this.#makeOffer(this.#offerId + 1, sections);
    if (this.#isAwaitingAnswer) this.#offerId += 1;
  }

  /** Whether an answer belongs to the last offer. Servers that do not number answers say 0. */
  isCurrent(answerId: number): boolean {
    return this.#isAwaitingAnswer && (answerId === 0 || answerId === this.#offerId);
  }

  /** The answer has been taken: what was asked for meanwhile is due. */
  settle(): void {
    this.#isAwaitingAnswer = false;
    if (this.#due !== null) this.require(this.#due);
  }
}
