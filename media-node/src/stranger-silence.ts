/**
 * Whether strangers are to hear nothing, which the deployment decides (STRANGERS of the Worker): told in its hello, and by what it says of strangers from then on, so that
 * a change reaches nodes that are running.
 */
import type { Decision } from '@callgate/shared/contract/decision.ts';
import type { NodeWelcome } from '@callgate/shared/contract/hello.ts';

export class StrangerSilence {
  #isWanted = false;

  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** An edge that does not say leaves it as it is. */
  greeted({ strangers }: Pick<NodeWelcome, 'strangers'>): void {
    if (strangers !== undefined) this.#isWanted = strangers === 'drop';
  }

  /** @returns the same decision */
  decided(decision: Decision): Decision {
    if (decision.kind === 'drop') this.#isWanted = true;
    if (decision.kind === 'refuse' && decision.reason === 'no-trunk') this.#isWanted = false;
    return decision;
  }
}
