/**
 * The trace id of a call, by which the lines of node and edge, the spans, and the call's record are found together. It is made of what all messages of one
 * call have in common, so that a line about a message that never became a call names it, too, and the INVITE that answers a challenge keeps it.
 */
import { hash, randomBytes } from 'node:crypto';

/** Keyed with what this process alone knows: a stranger who picks a Call-ID does not pick a trace id. */
const key = randomBytes(32).toString('hex');

/** 32 hexadecimal digits (W3C Trace Context §3.2.2.3) for the Call-ID and From tag of a call; the same while this process lives. */
export function traceIdOf(callId: string, fromTag: string): string {
  // Half of a hash is no hash to go on from, so that a key before the text does for an HMAC, which takes twenty times as long.
  return hash('sha256', `${key}\n${callId}\n${fromTag}`, 'hex').slice(0, 32);
}
