/** Commands that were sent to a node and wait for its result. Whoever waits keeps the object awake, so nothing here outlives a sleep. */
import type { CommandResult } from '@callgate/shared/contract/command.ts';
import { commandLimits } from '@callgate/shared/limits.ts';
import { after } from '../clock.ts';

/** What came of a command; without a result of the node: why there is none. */
export type CommandAnswer =
  | CommandResult
  | { readonly kind: 'no-result'; readonly why: 'not-linked' | 'too-old' | 'silent' | 'too-many' };

export class PendingCommands {
  readonly #waiting = new Map<string, (answer: CommandAnswer) => void>();

  /**
   * Waits for the result of a command.
   * @param send sends the command under this id
   */
  ask(send: (id: string) => void, timeoutMs: number): Promise<CommandAnswer> {
    if (this.#waiting.size >= commandLimits.pendingMax)
      return Promise.resolve({ kind: 'no-result', why: 'too-many' });
    const id = crypto.randomUUID();
    return new Promise((resolve) => {
      const cancel = after(timeoutMs, () => this.#settle(id, { kind: 'no-result', why: 'silent' }));
      this.#waiting.set(id, (answer) => {
        cancel();
        resolve(answer);
      });
      send(id);
    });
  }

  /** The node has answered. A result that nobody waits for any more is dropped. */
  answer(id: string, result: CommandResult): void {
    this.#settle(id, result);
  }

  /** The node has gone: no result will come. */
  abandon(): void {
    for (const id of [...this.#waiting.keys()])
      this.#settle(id, { kind: 'no-result', why: 'not-linked' });
  }

  #settle(id: string, answer: CommandAnswer): void {
    const settle = this.#waiting.get(id);
    this.#waiting.delete(id);
    settle?.(answer);
  }
}
