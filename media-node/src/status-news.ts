/**
 * When the edge is to hear of the node before the next regular status: it has calls, or none any more, or it is full, or no longer. What changes with every call is told once in a while, and
 * as it is then: of a node that takes a call now and then each would be news otherwise, and each costs the node as much as a question to the edge.
 */
import type { NodeStatus } from '@callgate/shared/contract/link.ts';
import { linkLimits } from '@callgate/shared/limits.ts';
import type { Clock, Timer } from './clock.ts';

/** What is news when it changes. */
export interface NodeCondition {
  readonly hasCalls: boolean;
  readonly state: NodeStatus['state'];
}

export interface StatusNewsOptions {
  readonly clock: Clock;
  readonly now: () => NodeCondition;
  readonly tell: () => void;
}

export class StatusNews {
  readonly #options: StatusNewsOptions;
  #told: NodeCondition = { hasCalls: false, state: 'accepting' };
  /** Nothing is told while it runs. */
  #rest: Timer | null = null;
  #isStopped = false;

  constructor(options: StatusNewsOptions) {
    this.#options = options;
  }

  /** The number of calls has changed: tells at once what is news, or when enough time has gone since the last. */
  changed(): void {
    if (this.#rest !== null || this.#isStopped) return;
    const { clock, now, tell } = this.#options;
    const { hasCalls, state } = now();
    if (hasCalls === this.#told.hasCalls && state === this.#told.state) return;
    this.#told = { hasCalls, state };
    this.#rest = clock.after(linkLimits.newsMs, () => {
      this.#rest = null;
      this.changed();
    });
    tell();
  }

  /** Tells nothing from now on. */
  stop(): void {
    this.#isStopped = true;
    this.#rest?.cancel();
  }
}
