/**
 * The server's first answer, held for the moment in which the server's own ICE checks arrive. livekit-server sends answer, candidates and checks within a
 * millisecond or two. A check that finds us without the description waits for it and is returned at once with it; one that comes just after puts our own off
 * by ICE's pacing of 50 ms (one join in three), and ours may come to a server that is not ready for it and be repeated much later. Later answers pass.
 */
import type { Clock, Timer } from '../../../clock.ts';

/** From the server's first candidate to the arrival of its checks, with a margin, ms. */
const checksMs = 4;
/** How long we wait for a candidate, ms: a server that names none is found by its checks alone. */
const candidateMs = 20;

export class HeldAnswer<Answer> {
  readonly #take: (answer: Answer) => void;
  readonly #clock: Clock;
  #held: Answer | null = null;
  #timer: Timer | null = null;
  #hasCandidate = false;
  #isOver = false;

  /** @param take gets each answer, the first one when it is due */
  constructor(take: (answer: Answer) => void, clock: Clock) {
    this.#take = take;
    this.#clock = clock;
  }

  answer(answer: Answer): void {
    if (this.#isOver) return this.#take(answer);
    if (this.#held !== null) return;
    this.#held = answer;
    this.#releaseAfter(this.#hasCandidate ? checksMs : candidateMs);
  }

  /** The server has named a candidate that we can reach. */
  candidate(): void {
    if (this.#hasCandidate) return;
    this.#hasCandidate = true;
    if (this.#held !== null) this.#releaseAfter(checksMs);
  }

  /** The connection is over: what is held is dropped. */
  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    this.#held = null;
  }

  #releaseAfter(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(ms, () => {
      const answer = this.#held;
      this.stop();
      if (answer !== null) this.#take(answer);
    });
  }
}
