/**
 * One offer at a time (RFC 3264 §4): the server asks for new offers whenever it has tracks that ours leaves no section for, and it may ask
 * again before it has answered. Pure.
 */

export class Negotiation {
  readonly #makeOffer: (offerId: number, sections: number) => void;
  /** The first offer travels in the join request. */
  #offerId = 1;
  #isOutstanding = true;
  /** Sections asked for while an offer was outstanding; null: none. */
  #due: number | null = null;

  /** @param makeOffer makes and sends the offer of that id, with room for so many new tracks */
  constructor(makeOffer: (offerId: number, sections: number) => void) {
    this.#makeOffer = makeOffer;
  }

  /** The server wants an offer. @param sections receive sections it misses; 0: those there are will do */
  require(sections: number): void {
    if (this.#isOutstanding) {
      this.#due = Math.max(this.#due ?? 0, sections);
      return;
    }
    this.#due = null;
    this.#isOutstanding = true;
    this.#makeOffer(++this.#offerId, sections);
  }

  /** Whether an answer belongs to the last offer. Servers that do not number answers say 0. */
  isCurrent(answerId: number): boolean {
    return this.#isOutstanding && (answerId === 0 || answerId === this.#offerId);
  }

  /** The answer has been taken: what was asked for meanwhile is due. */
  settle(): void {
    this.#isOutstanding = false;
    if (this.#due !== null) this.require(this.#due);
  }
}
