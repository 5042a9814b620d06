/** How long an INVITE may go unanswered by its own word: its Expires header. RFC 3261 §13.3.1. */
import { callLimits } from '@callgate/shared/limits.ts';
import type { Clock, Timer } from '../../clock.ts';
import { readDigits } from '../wire/characters.ts';
import type { SipRequest } from '../wire/message.ts';

/** @param onExpired called unless the timer is cancelled. @returns null: the INVITE says nothing, or more than any call may ring */
export function limitInvitation(
  clock: Clock,
  invite: SipRequest,
  onExpired: () => void,
): Timer | null {
  const seconds = readDigits(invite.plain.get('expires') ?? '', 9);
  if (seconds === null || seconds === 0 || seconds * 1_000 >= callLimits.ringingMaxMs) return null;
  return clock.after(seconds * 1_000, onExpired);
}
