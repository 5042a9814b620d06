/**
 * A few things made ahead of their use. What is taken is made again a moment later, one after the other, however many takers follow each other; what nobody takes is made anew after a while. Pure
 * but for its clock: what it keeps it does not know.
 */
import type { Clock, Timer } from '../../../clock.ts';

export interface StockOptions<Thing> {
  readonly countMax: number;
  /** From the taking of one to the making of the next, and between two that are made, ms: not while the taker needs the processor. */
  readonly refillMs: number;
  /** An unused one lies no longer than this, ms. */
  readonly keptMs: number;
  /** @returns null: not now; asked again after the next taking, or after keptMs */
  make(): Thing | null;
  /** Whether one that lies there may still be wanted. One that is not is replaced after the next taking, or after keptMs: what fails at once must not be made for ever. */
  isOfUse(thing: Thing): boolean;
  /** Frees one that nobody took. */
  drop(thing: Thing): void;
}

interface Made<Thing> {
  readonly thing: Thing;
  readonly madeAtMono: number;
}

export class Stock<Thing> {
  readonly #clock: Clock;
  readonly #options: StockOptions<Thing>;
  /** The oldest first. */
  #made: readonly Made<Thing>[] = [];
  #timer: Timer | null = null;
  #dueAtMono = 0;
  /** Somebody has asked since the last filling. */
  #isAsked = false;
  #isOver = false;

  constructor(clock: Clock, options: StockOptions<Thing>) {
    this.#clock = clock;
    this.#options = options;
  }

  get things(): readonly Thing[] {
    return this.#made.map(({ thing }) => thing);
  }

  /** The oldest one that is fit, for good; the next is made a moment later. @returns null: there is none */
  take(isFit: (thing: Thing) => boolean): Thing | null {
    this.#isAsked = true;
    this.#fillWithin(this.#options.refillMs);
    const fit = this.#made.find(({ thing }) => isFit(thing));
    if (fit === undefined) return null;
    this.#made = this.#made.filter((one) => one !== fit);
    return fit.thing;
  }

  /** Makes one if any is missing, and the others one after the other. */
  fill(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#isOver) return;
    const { countMax, refillMs, keptMs, make, isOfUse } = this.#options;
    const now = this.#clock.nowMono();
    const isAsked = this.#isAsked;
    this.#isAsked = false;
    this.#dropUnless(
      ({ thing, madeAtMono }) => now - madeAtMono < keptMs && (isOfUse(thing) || !isAsked),
    );
    if (this.#made.length < countMax) {
      const thing = make();
      if (thing === null) return this.#fillWithin(keptMs);
      this.#made = [...this.#made, { thing, madeAtMono: now }];
    }
    const isFull = this.#made.length >= countMax;
    const oldestAtMono = this.#made[0]?.madeAtMono ?? now;
    this.#fillWithin(isFull ? oldestAtMono + keptMs - now : refillMs);
  }

  /** Frees what lies there; nothing is made any more. */
  close(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    this.#dropUnless(() => false);
  }

  /** What is due sooner stays due: takers that follow each other closely must not put it off for ever. */
  #fillWithin(ms: number): void {
    if (this.#isOver) return;
    const dueAtMono = this.#clock.nowMono() + ms;
    if (this.#timer !== null && this.#dueAtMono <= dueAtMono) return;
    this.#timer?.cancel();
    this.#dueAtMono = dueAtMono;
    this.#timer = this.#clock.after(ms, () => this.fill());
  }

  #dropUnless(isKept: (one: Made<Thing>) => boolean): void {
    const dropped = this.#made.filter((one) => !isKept(one));
    this.#made = this.#made.filter((one) => !dropped.includes(one));
    for (const { thing } of dropped) this.#options.drop(thing);
  }
}
