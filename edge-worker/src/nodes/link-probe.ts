/**
 * Whether somebody is still there at the other end of a link, now: a node answers each revision with `seen`, whatever its version. Whoever waits keeps the object awake, so nothing here outlives
 * a sleep.
 */
import { after } from '../clock.ts';

export class LinkProbe {
  readonly #waiting = new Map<WebSocket, Set<() => void>>();

  /** @param ask has the other end say something @returns false: it was silent for `timeoutMs` */
  answers(link: WebSocket, ask: () => void, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (isThere: boolean) => {
        cancel();
        waiting.delete(heard);
        if (waiting.size === 0) this.#waiting.delete(link);
        resolve(isThere);
      };
      const heard = () => settle(true);
      const cancel = after(timeoutMs, () => settle(false));
      const waiting = this.#waiting.get(link) ?? new Set();
      this.#waiting.set(link, waiting.add(heard));
      ask();
    });
  }

  /** Something came over a link. */
  heard(link: WebSocket): void {
    for (const heard of [...(this.#waiting.get(link) ?? [])]) heard();
  }
}
