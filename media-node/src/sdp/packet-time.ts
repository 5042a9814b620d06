/** How long the packets are that a phone gets (RFC 8866 §6.4, a=ptime and a=maxptime). Pure. */
import type { PhoneCodecName } from '../media/media-session.ts';

/** What every phone takes, and what rooms send, ms. */
const usualMs = 20;
/** What phones ask for, longest first, ms. */
const possibleMs = [60, 40, 30, 20, 10];

/**
 * The packet time the phone asks for, or the next shorter one that there is. Opus stays at 20 ms: packets of the room go to such a phone as they are.
 * @param ptime @param maxptime as they stand in the offer; null: not there
 */
export function packetTimeMs(
  codec: PhoneCodecName,
  ptime: string | null,
  maxptime: string | null,
): number {
  if (codec === 'opus') return usualMs;
  const wanted = Math.min(readMs(ptime) ?? usualMs, readMs(maxptime) ?? Number.POSITIVE_INFINITY);
  return possibleMs.find((ms) => ms <= wanted) ?? Math.min(...possibleMs);
}

/** RFC 8866 knows whole ms; some phones write a fraction. */
function readMs(text: string | null): number | null {
  const match = /^(\d{1,4})(?:\.\d{1,3})?$/.exec(text?.trim() ?? '');
  const ms = Number(match?.[1] ?? 0);
  return ms > 0 ? ms : null;
}
