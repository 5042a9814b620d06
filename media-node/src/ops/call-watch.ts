/**
 * What watching wants to hear of a call: the stages it reaches, what it waits for, how it ended. The port between calls and those who watch them (metrics,
 * spans); a call tells and asks nothing back but the `traceparent` of its questions to the edge.
 */
import type { CallRecord } from '@callgate/shared/contract/record.ts';
import { writeTraceparent } from '@callgate/shared/contract/traceparent.ts';
import { PartError } from '../part-error.ts';
import { pooledRandom } from '../pooled-random.ts';

/** A stage of a call, as its record names it. */
export type Stage = Exclude<keyof CallRecord['stages'], 'ended_ms'>;

/** What an attempt waits for, and what a span is made of. */
export type Wait = 'edge.decide' | 'edge.pin' | 'room.join';

/** One INVITE. A call that was challenged has two, of one trace. */
export interface Attempt {
  readonly callId: string;
  readonly sequence: number;
  readonly traceId: string;
  readonly sipCallId: string;
  /** ms on the monotonic clock. */
  readonly invitedAtMono: number;
}

export interface CallWatch {
  begin(attempt: Attempt): AttemptWatch;
}

export interface AttemptWatch {
  /** A stage was reached for the first time. @param afterMs since the INVITE */
  stage(stage: Stage, afterMs: number): void;
  /** A wait begins. One that is open when its stage is reached went well; one that is open at the end has failed as the call did. */
  wait(wait: Wait): Waiting;
  /** Everything is freed; nothing follows. */
  ended(record: CallRecord): void;
}

export interface Waiting {
  /** For the request that is waited for (W3C Trace Context). */
  readonly traceparent: string;
  /** It is over. @param failure a reason of the table of outcomes; left out: it went well. Only the first counts */
  done(failure?: string): void;
}

/** Waits for an answer, and says whether it came. @throws what `ask` throws */
export async function waitFor<T>(
  watch: AttemptWatch,
  wait: Wait,
  ask: (traceparent: string) => Promise<T>,
): Promise<T> {
  const waiting = watch.wait(wait);
  try {
    const answer = await ask(waiting.traceparent);
    waiting.done();
    return answer;
  } catch (error) {
    waiting.done(error instanceof PartError ? error.reason : 'internal');
    throw error;
  }
}

const random = pooledRandom();

/** 16 hexadecimal digits. */
export function newSpanId(): string {
  return random(8).toString('hex');
}

/** Nobody watches; questions to the edge still name their trace. */
export const unwatched: CallWatch = {
  begin: ({ traceId }) => ({
    stage() {},
    wait: () => ({
      traceparent: writeTraceparent({ traceId, spanId: newSpanId(), isSampled: false }),
      done() {},
    }),
    ended() {},
  }),
};
