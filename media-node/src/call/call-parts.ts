/** What a call is made of and known by. */
import type { Clock } from '../clock.ts';
import type { EdgeClient } from '../edge/edge-client.ts';
import type { LineLimit } from '../line-limit.ts';
import type { MediaPool } from '../media/media-session.ts';
import type { Attempt, CallWatch } from '../ops/call-watch.ts';
import type { Log } from '../ops/log.ts';
import type { NodeMedia } from '../sdp/negotiate.ts';
import type { DialogState, InviteRequest } from '../sip/sip-endpoint.ts';
import { traceIdOf } from '../trace-id.ts';

/** What a call is built from. */
export interface CallParts {
  readonly edge: EdgeClient;
  readonly media: MediaPool;
  readonly nodeMedia: NodeMedia;
  readonly clock: Clock;
  readonly log: Log;
  /** Of the lines about refused calls. */
  readonly refusals: LineLimit;
  /** Left out: nobody watches. */
  readonly watch?: CallWatch;
  /** Left out: dialogs are not kept. */
  readonly dialogs?: DialogKeeper;
}

/** Keeps what is known of dialogs where it outlives the process. Neither method throws. */
export interface DialogKeeper {
  /** @param limits of the call, ms from its answer; what is older is over anyway */
  keep(callId: string, state: DialogState, limits: { readonly max_call_duration_ms: number }): void;
  /** The call is over. */
  forget(callId: string): void;
}

export interface CallIdentity {
  /** `SCL_...`; the same for the INVITE that answers a challenge. */
  readonly id: string;
  /** Counts the INVITEs, and so the records, of this id. */
  readonly sequence: number;
  /** Highest routing revision this node has seen. */
  readonly minRevision: number;
}

/** One INVITE of a call, for those who watch. */
export function attemptOf(
  { callId: sipCallId, from, arrivedAtMono }: InviteRequest,
  { id, sequence }: CallIdentity,
): Attempt {
  const traceId = traceIdOf(sipCallId, from.tag);
  return { callId: id, sequence, traceId, sipCallId, invitedAtMono: arrivedAtMono };
}
