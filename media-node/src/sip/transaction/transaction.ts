/**
 * Runs one transaction: feeds its table, does what the table says, owns its timers. The state has moved on before anything is done, and a
 * callback that throws is reported and changes nothing, so the machine is sound whatever its user does.
 */
import type { Clock, Timer } from '../../clock.ts';
import type { Machine, State, TimerName } from './machine.ts';
import type { Timing } from './timing.ts';

/** What a transaction does to the world around it. */
export interface TransactionHands<Message> {
  /** Puts bytes on the wire. @param onFailed may be called once, later */
  send(bytes: Buffer, onFailed: () => void): void;
  /** ACK of a refusal; INVITE client only. */
  acknowledge(message: Message): Buffer | null;
  pass(message: Message): void;
  timedOut(): void;
  unsent(): void;
  terminated(): void;
  /** A callback threw. */
  fault(error: unknown): void;
}

/** What came in with an input: bytes to send, or a message received. */
export type Payload<Message> =
  | { readonly bytes: Buffer; readonly message?: undefined }
  | { readonly message: Message; readonly bytes?: undefined };

export class Transaction<Name extends string, Input extends string, Message> {
  readonly #machine: Machine<Name, Input>;
  readonly #timing: Timing;
  readonly #clock: Clock;
  readonly #hands: TransactionHands<Message>;
  readonly #timers = new Map<TimerName, Timer>();
  readonly #ageLimit: Timer;
  #state: State<Name>;
  #isFree = false;
  #last: Buffer | null = null;
  /** The same for every copy of a refusal. */
  #ack: Buffer | null = null;

  /** @param ageLimitMs after this it ends whatever its state: nothing that a stranger starts lives for ever */
  constructor(
    machine: Machine<Name, Input>,
    options: { timing: Timing; clock: Clock; ageLimitMs: number; hands: TransactionHands<Message> },
  ) {
    this.#machine = machine;
    this.#state = machine.start;
    this.#timing = options.timing;
    this.#clock = options.clock;
    this.#hands = options.hands;
    this.#ageLimit = options.clock.after(options.ageLimitMs, () => this.#expire());
  }

  get stateName(): Name {
    return this.#state.name;
  }

  handle(input: Input, payload: Payload<Message> | null = null): void {
    if (this.#state.name === 'terminated') return;
    const { state, actions } = this.#machine.next(this.#state, input, this.#timing);
    this.#state = state;
    for (const action of actions) {
      try {
        switch (action.do) {
          case 'send':
            this.#last = payload?.bytes ?? null;
            this.#send(this.#last);
            break;
          case 'resend':
            this.#send(this.#last);
            break;
          case 'acknowledge':
            if (payload?.message !== undefined)
              this.#ack ??= this.#hands.acknowledge(payload.message);
            this.#send(this.#ack);
            break;
          case 'start':
            this.#start(action.timer, action.ms);
            break;
          case 'stop':
            this.#stop(action.timer);
            break;
          case 'pass':
            if (payload?.message !== undefined) this.#hands.pass(payload.message);
            break;
          case 'tell-timeout':
            this.#hands.timedOut();
            break;
          case 'tell-unsent':
            this.#hands.unsent();
            break;
          default:
            action satisfies never;
        }
      } catch (error) {
        this.#hands.fault(error);
      }
      // A callback has ended it: what is left to do would start timers that nobody stops.
      if (this.#isFree) return;
    }
    if (state.name === 'terminated') this.#free();
  }

  /** Ends it at once, silently. */
  end(): void {
    if (this.#state.name === 'terminated') return;
    // Every machine has this state.
    this.#state = { name: 'terminated' as Name, resendMs: 0 };
    this.#free();
  }

  #send(bytes: Buffer | null): void {
    if (bytes === null) return;
    this.#hands.send(bytes, () => this.handle('send-failed' as Input));
  }

  #start(timer: TimerName, ms: number): void {
    this.#stop(timer);
    const fire = () => {
      this.#timers.delete(timer);
      this.handle(`timer-${timer}` as Input);
    };
    this.#timers.set(timer, this.#clock.after(ms, fire));
  }

  #stop(timer: TimerName): void {
    this.#timers.get(timer)?.cancel();
    this.#timers.delete(timer);
  }

  #expire(): void {
    try {
      this.#hands.timedOut();
    } catch (error) {
      this.#hands.fault(error);
    }
    this.end();
  }

  #free(): void {
    if (this.#isFree) return;
    this.#isFree = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#ageLimit.cancel();
    this.#last = null;
    this.#hands.terminated();
  }
}
