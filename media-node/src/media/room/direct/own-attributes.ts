/**
 * Attributes that we have set on our participant and that the server has not told us of yet: a request that goes into a connection that is already dead is lost
 * without a word, so it is sent again when the signalling is taken up. Pure.
 */

export class OwnAttributes {
  readonly #unconfirmed = new Map<string, string>();

  /** We set these; an empty value takes an attribute away, as in LiveKit. */
  set(attributes: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(attributes)) this.#unconfirmed.set(name, value);
  }

  /** The server tells all the attributes of our participant. One that is not as we set it stays unconfirmed: the news may be older than our request. */
  confirm(attributes: Readonly<Record<string, string>>): void {
    const told = new Map(Object.entries(attributes));
    for (const [name, value] of this.#unconfirmed) {
      if ((told.get(name) ?? '') === value) this.#unconfirmed.delete(name);
    }
  }

  /** What must be sent, again perhaps; null: nothing. */
  get unconfirmed(): Record<string, string> | null {
    return this.#unconfirmed.size === 0 ? null : Object.fromEntries(this.#unconfirmed);
  }
}
