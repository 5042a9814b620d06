/**
 * The provisional answers to one INVITE. Those of a caller who requires it must arrive (reliable-provisional.ts); all of them are said again
 * before a proxy takes the call for dead: it may give up three minutes after the last one it heard (RFC 3261 §13.3.1.1 and §16.7, timer C).
 */
import { sipProvisional } from '@callgate/shared/limits.ts';
import type { Clock, Timer } from '../../clock.ts';
import type { SipRequest } from '../wire/message.ts';
import type { ReliableProvisional, SendProvisional } from './reliable-provisional.ts';

export class ProvisionalAnswers {
  readonly #clock: Clock;
  readonly #reliable: ReliableProvisional | null;
  #repeat: Timer | null = null;

  /** @param reliable null: the caller does not require that they arrive */
  constructor(clock: Clock, reliable: ReliableProvisional | null) {
    this.#clock = clock;
    this.#reliable = reliable;
  }

  get areReliable(): boolean {
    return this.#reliable !== null;
  }

  /** True while a description that went out waits for its PRACK: until then no 2xx may follow (RFC 3262 §3). */
  get holdsFinal(): boolean {
    return this.#reliable?.holdsFinal === true;
  }

  /** @param plain says the same without a description, for a repetition that has to be a new answer */
  send(answer: SendProvisional, hasDescription: boolean, plain: SendProvisional): void {
    if (this.#reliable === null) {
      const again = answer([]);
      return this.#repeatAfter(sipProvisional.everyMs, again);
    }
    const reliable = this.#reliable;
    reliable.send(answer, hasDescription);
    // A copy would be taken for one: what shall be acknowledged anew has a new RSeq.
    this.#repeatAfter(sipProvisional.reliableEveryMs, () => reliable.send(plain, false));
  }

  /** Takes a PRACK. @returns false when no answer of ours waits for it, or has waited when a final answer overtook it */
  acknowledge(prack: SipRequest): boolean {
    return this.#reliable?.acknowledge(prack) === true;
  }

  /** The PRACK is answered: the next one in the queue may go out. */
  proceed(): void {
    this.#reliable?.proceed();
  }

  /** A final answer was given, or the call is over. */
  stop(): void {
    this.#repeat?.cancel();
    this.#reliable?.stop();
  }

  #repeatAfter(ms: number, again: () => void): void {
    this.#repeat?.cancel();
    this.#repeat = this.#clock.after(ms, () => {
      again();
      this.#repeatAfter(ms, again);
    });
  }
}
