/** The 2xx answers of one dialog that wait for their ACK, the first and those to re-INVITEs: by CSeq number, because the ACK has that. */
import type { Clock } from '../../clock.ts';
import type { SipRequest } from '../wire/message.ts';
import { ResendUntilAck } from './resend-until-ack.ts';

interface Awaited {
  readonly resend: ResendUntilAck;
  readonly onAck: (ack: SipRequest) => void;
}

export class AwaitedAcks {
  readonly #clock: Clock;
  readonly #awaited = new Map<number, Awaited>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#awaited.size;
  }

  /** Resends until the ACK with this number comes; then one of the two is called, once. */
  expect(
    number: number,
    resend: () => void,
    events: { onAck: (ack: SipRequest) => void; onMissing: () => void },
  ): void {
    const onMissing = () => {
      this.#awaited.delete(number);
      events.onMissing();
    };
    const waiting = new ResendUntilAck(this.#clock, resend, onMissing);
    this.#awaited.set(number, { resend: waiting, onAck: events.onAck });
  }

  /** Takes an ACK; one that nobody waits for is a copy. */
  receive(ack: SipRequest): void {
    const awaited = this.#awaited.get(ack.cseq.number);
    if (awaited === undefined) return;
    this.#awaited.delete(ack.cseq.number);
    awaited.resend.stop();
    awaited.onAck(ack);
  }

  stop(): void {
    for (const { resend } of this.#awaited.values()) resend.stop();
    this.#awaited.clear();
  }
}
