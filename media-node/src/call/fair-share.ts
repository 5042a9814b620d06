/**
 * Which of the sources that call at the same time has had more than its share of the rate: the rate divided by how many they are. A carrier that calls ten times as often as the node can
 * take is then the one that is turned away, and not its neighbours.
 */

const secondMs = 1_000;

interface Given {
  /** Calls given, less what its share has made up for since. */
  readonly level: number;
  readonly atMono: number;
}

export class FairShare {
  readonly #perSecond: number;
  #given = new Map<string, Given>();
  /** Sources that asked in this second, and in the one before. */
  #asked = new Set<string>();
  #before: ReadonlySet<string> = new Set();
  #new = 0;
  #sinceMono: number;

  /** @param perSecond what there is for all of them */
  constructor(perSecond: number, nowMono: number) {
    this.#perSecond = perSecond;
    this.#sinceMono = nowMono;
  }

  /** A source asks. @returns whether it has had its share already */
  isUsedUp(source: string, nowMono: number): boolean {
    this.#turn(nowMono);
    if (!this.#asked.has(source)) {
      this.#asked.add(source);
      if (!this.#before.has(source)) this.#new += 1;
    }
    const level = this.#levelOf(source, nowMono);
    this.#given.set(source, { level, atMono: nowMono });
    return level > this.#atOnce - 1;
  }

  /** It was given one. */
  took(source: string, nowMono: number): void {
    const level = Math.min(this.#atOnce, this.#levelOf(source, nowMono) + 1);
    this.#given.set(source, { level, atMono: nowMono });
  }

  /** A second of one source, calls. */
  get #share(): number {
    return this.#perSecond / Math.max(1, this.#before.size + this.#new);
  }

  /** Of a source that has been silent. */
  get #atOnce(): number {
    return Math.max(1, this.#share);
  }

  #levelOf(source: string, nowMono: number): number {
    const given = this.#given.get(source);
    if (given === undefined) return 0;
    return Math.max(0, given.level - ((nowMono - given.atMono) * this.#share) / secondMs);
  }

  /** Every second those are forgotten that have been silent for one. */
  #turn(nowMono: number): void {
    const elapsedMs = nowMono - this.#sinceMono;
    if (elapsedMs < secondMs) return;
    this.#before = elapsedMs < 2 * secondMs ? this.#asked : new Set();
    for (const source of this.#given.keys())
      if (!this.#before.has(source)) this.#given.delete(source);
    this.#asked = new Set();
    this.#new = 0;
    this.#sinceMono = nowMono;
  }
}
