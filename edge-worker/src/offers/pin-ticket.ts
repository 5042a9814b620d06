/**
 * The ticket of a call that has been asked for its PIN: all that the edge needs to go on when the digits come, sealed so that a node can neither read
 * nor change it, bound to the call, and short-lived. The edge keeps nothing of its own about such a call.
 */
import {
  type DecisionLimits,
  decisionLimits,
  type MediaPolicy,
  mediaPolicy,
} from '@callgate/shared/contract/decision.ts';
import { pinLimits } from '@callgate/shared/limits.ts';
import type { RoutedCall } from '@callgate/shared/routing/routed-call.ts';
import * as z from 'zod';
import { openSecret, sealSecret } from '../trust/sealed-secret.ts';

export interface PinTicket {
  readonly trunkId: string | null;
  /** Revision that asked: the digits are never judged by an older one. */
  readonly revision: number;
  readonly call: RoutedCall;
  readonly sipCallId: string;
  /** Which INVITE of the call asked. */
  readonly sequence: number;
  readonly fromTag: string;
  /** Header names and values that may become attributes. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly attemptsLeft: number;
  /** Until when the digits may come, ms since epoch. */
  readonly expiresAtMs: number;
  /** As in the first decision, for the next attempt. */
  readonly limits: DecisionLimits;
  readonly media: MediaPolicy;
}

export type TicketReading =
  | { kind: 'ticket'; ticket: PinTicket }
  /** Not sealed by this edge, for another call, or altered. */
  | { kind: 'foreign' }
  | { kind: 'expired'; ticket: PinTicket };

const ticketSchema = z.strictObject({
  trunkId: z.string().nullable(),
  revision: z.int(),
  call: z.strictObject({
    callId: z.string(),
    source: z.string(),
    fromUser: z.string(),
    fromHost: z.string(),
    toUser: z.string(),
  }),
  sipCallId: z.string(),
  sequence: z.int(),
  fromTag: z.string(),
  headers: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  attemptsLeft: z.int(),
  expiresAtMs: z.int(),
  limits: decisionLimits,
  media: mediaPolicy,
}) satisfies z.ZodType<PinTicket>;

/** Headers that do not fit are left out, the last first: a ticket stays below the size that pin.ts of the contract allows. */
export function sealTicket(key: Uint8Array, ticket: PinTicket): string {
  const headers: { name: string; value: string }[] = [];
  let bytes = 0;
  for (const { name, value } of ticket.headers) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 24;
    if (bytes > pinLimits.ticketHeaderBytesMax) break;
    headers.push({ name, value });
  }
  const text = JSON.stringify({ ...ticket, headers } satisfies PinTicket);
  return sealSecret(key, contextOf(ticket.call.callId), text);
}

export function openTicket(
  key: Uint8Array,
  callId: string,
  sealed: string,
  nowMs: number,
): TicketReading {
  let text: string;
  try {
    text = openSecret(key, contextOf(callId), sealed);
  } catch {
    // Whatever is wrong with it, it is not a ticket of this call.
    return { kind: 'foreign' };
  }
  const ticket = ticketSchema.parse(JSON.parse(text));
  return { kind: ticket.expiresAtMs < nowMs ? 'expired' : 'ticket', ticket };
}

function contextOf(callId: string): string {
  return `pin-ticket ${callId}`;
}
