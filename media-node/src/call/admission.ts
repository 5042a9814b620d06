/**
 * What the node takes: judged before anything is made of a new request, on what the node holds and how busy it is. Full, it answers 503 with a
 * spread Retry-After, so that the provider moves on and does not come back all at once; sources that have not yet brought a welcome call are
 * turned away first, then those that have had their share of the rate. Requests inside a dialog never come here. A loop that is very late says nothing at all: an answer would make it later.
 */
import { admissionLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../clock.ts';
import type { AdmissionVerdict, NewRequest } from '../sip/sip-endpoint.ts';
import { TokenBucket } from '../token-bucket.ts';
import { FairShare } from './fair-share.ts';
import { refusal } from './sip-answers.ts';

/** What of the node is used. */
export interface NodeLoad {
  readonly calls: number;
  /** Share of the machine's cores that the node's processes use, 0 to 1. */
  readonly cpu: number;
  /** Half of the turns of the event loop are later than this, ms. */
  readonly loopDelayMs: number;
  readonly rtpPortsFree: number;
  readonly residentBytes: number;
}

/** What the node has. */
export interface NodeCapacity {
  readonly calls: number;
  readonly callsPerSecond: number;
  /** 0 to 1. */
  readonly cpu: number;
  readonly rtpPorts: number;
  readonly residentBytes: number;
}

/** What stands in the way of a new call. */
export type Bound =
  | 'draining'
  | 'calls'
  | 'calls-per-second'
  | 'cpu'
  | 'loop-delay'
  | 'rtp-ports'
  | 'memory';

/** The first bound that is reached; null: there is room. Strangers reach theirs earlier. Pure. */
export function reachedBound(
  load: NodeLoad,
  capacity: NodeCapacity,
  isKnown: boolean,
): Bound | null {
  const share = isKnown ? 1 : admissionLimits.strangersShare;
  if (load.loopDelayMs >= admissionLimits.loopDelayMs * share) return 'loop-delay';
  if (load.calls >= capacity.calls * share) return 'calls';
  if (load.cpu >= capacity.cpu * share) return 'cpu';
  if (load.rtpPortsFree <= capacity.rtpPorts * (1 - share)) return 'rtp-ports';
  if (load.residentBytes >= capacity.residentBytes * share) return 'memory';
  return null;
}

export interface AdmissionParts {
  readonly capacity: NodeCapacity;
  readonly load: () => NodeLoad;
  readonly isDraining: () => boolean;
  /** Whether this INVITE answers a challenge of ours: it was counted when it came first. */
  readonly isChallenged: (callId: string, fromTag: string) => boolean;
  readonly clock: Clock;
  /** 0 up to 1, spreads Retry-After. */
  readonly random: () => number;
}

export class Admission {
  readonly #parts: AdmissionParts;
  readonly #rate: TokenBucket;
  readonly #shares: FairShare;
  readonly #refused = new Map<Bound, number>();

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    const { callsPerSecond } = parts.capacity;
    const nowMono = parts.clock.nowMono();
    const atOnce = Math.max(callsPerSecond, admissionLimits.callsAtOnceMin);
    this.#rate = new TokenBucket(atOnce, callsPerSecond, nowMono);
    this.#shares = new FairShare(callsPerSecond, nowMono);
  }

  /** Requests turned away since the start, by what stood in the way. */
  get refused(): Readonly<Partial<Record<Bound, number>>> {
    return Object.fromEntries(this.#refused);
  }

  /** What is told to the edge and to load balancers. */
  get state(): 'accepting' | 'full' | 'draining' {
    if (this.#parts.isDraining()) return 'draining';
    return reachedBound(this.#parts.load(), this.#parts.capacity, true) === null
      ? 'accepting'
      : 'full';
  }

  /** Judges an INVITE or an OPTIONS outside of any dialog. */
  judge(request: NewRequest): AdmissionVerdict {
    const bound = this.#boundFor(request);
    if (bound === null) return { kind: 'take' };
    this.#refused.set(bound, (this.#refused.get(bound) ?? 0) + 1);
    const isTooLate =
      bound === 'loop-delay' && this.#parts.load().loopDelayMs >= admissionLimits.silentLoopDelayMs;
    if (isTooLate) return { kind: 'silence', bound };
    const reason = bound === 'draining' ? 'draining' : 'over-capacity';
    return { kind: 'refuse', bound, answer: refusal(reason, this.#parts.random()) };
  }

  #boundFor({ method, callId, fromTag, isKnown, source }: NewRequest): Bound | null {
    const { capacity, isDraining, load, isChallenged, clock } = this.#parts;
    if (isDraining()) return 'draining';
    // A load balancer asks for everybody behind it.
    const bound = reachedBound(load(), capacity, isKnown || method === 'OPTIONS');
    if (bound !== null || method === 'OPTIONS' || isChallenged(callId, fromTag)) return bound;
    const nowMono = clock.nowMono();
    const kept = isKnown ? this.#keptFromKnown(source, nowMono) : this.#keptFromStrangers();
    if (!this.#rate.take(nowMono, kept)) return 'calls-per-second';
    if (isKnown) this.#shares.took(source, nowMono);
    return null;
  }

  #keptFromStrangers(): number {
    const { strangersShare, strangersLeaveMin } = admissionLimits;
    return Math.max(strangersLeaveMin, this.#parts.capacity.callsPerSecond * (1 - strangersShare));
  }

  #keptFromKnown(source: string, nowMono: number): number {
    if (!this.#shares.isUsedUp(source, nowMono)) return 0;
    const { othersShare, othersMin } = admissionLimits;
    return Math.max(othersMin, this.#parts.capacity.callsPerSecond * othersShare);
  }
}
