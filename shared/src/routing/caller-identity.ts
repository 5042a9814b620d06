/**
 * What of the caller's number is shown: the participant's identity and name, and the caller part of a room
 * name. With hide_phone_number a digest stands in for the number and only its end is shown.
 */
import { createHash } from 'node:crypto';

export interface CallerIdentity {
  readonly identity: string;
  readonly name: string;
  /** The number as the room name may show it. */
  readonly visible: string;
}

/** Bytes of the digest that become the identity, as 16 hexadecimal digits. */
const digestBytes = 8;

/** @param fromUser user part of the From URI; may be empty */
export function callerIdentity(fromUser: string, hidden: boolean): CallerIdentity {
  if (!hidden) return { identity: `sip_${fromUser}`, name: `Phone ${fromUser}`, visible: fromUser };
  const digest = createHash('sha256').update(fromUser, 'utf8').digest('hex');
  const visible = lastBytes(fromUser);
  return {
    identity: `sip_${digest.slice(0, digestBytes * 2)}`,
    name: `Phone ${visible}`,
    visible,
  };
}

/** The last 4 bytes, of a text of up to 4 bytes the last one; a character cut in two is left out. */
function lastBytes(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let start = Math.max(0, bytes.length - (bytes.length <= 4 ? 1 : 4));
  while (isContinuation(bytes[start])) start += 1;
  return new TextDecoder().decode(bytes.subarray(start));
}

/** UTF-8 bytes behind the first of a character are 10xxxxxx (RFC 3629 §3). */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
