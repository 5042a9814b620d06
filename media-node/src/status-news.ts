/** When the edge is to hear of the node before the next regular status: it has its first call or has had its last, or it is full, or no longer. */
import type { NodeStatus } from '@callgate/shared/contract/link.ts';
import { linkLimits } from '@callgate/shared/limits.ts';

export class StatusNews {
  #hadCalls = false;
  #state: NodeStatus['state'] = 'accepting';
  #toldAtMono = Number.NEGATIVE_INFINITY;

  /** The number of calls has changed. @returns whether that is worth telling at once; a node at its bound is full and not full again with every call, so that waits */
  isNews(calls: number, state: NodeStatus['state'], nowMono: number): boolean {
    const hasCalls = calls > 0;
    const isOther = state !== this.#state && nowMono - this.#toldAtMono >= linkLimits.newsMs;
    if (hasCalls === this.#hadCalls && !isOther) return false;
    this.#hadCalls = hasCalls;
    this.#state = state;
    this.#toldAtMono = nowMono;
    return true;
  }
}
