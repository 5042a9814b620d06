/** What a call lets its caller hear, in the language and with the tones that trunk and rule have chosen; and what is described before the answer. */
import type { MediaPolicy } from '@callgate/shared/contract/decision.ts';
import type { MediaSession, SoundName } from '../media/media-session.ts';
import type { CallMedia } from './call-media.ts';
import type { SipLeg } from './sip-leg.ts';

/** @param policy null: nothing has been decided */
export function playSound(
  session: MediaSession | null,
  sound: SoundName,
  policy: MediaPolicy | null,
): void {
  const { language, ringback } = policy?.sounds ?? {};
  session?.play(sound, { language, country: ringback });
}

/** Our offer before the answer, for a caller who made none and has to have it then. */
export function offerEarly(
  session: MediaSession,
  policy: MediaPolicy | null,
  media: CallMedia,
  sip: SipLeg,
): void {
  if (policy !== null && sip.wantsOfferEarly) sip.ringWith(media.offer(session.local, policy));
}

/** Before the answer: 183 with our description, and the sound. An INVITE without an offer only rings, as there is no stream yet. */
export function playEarly(
  session: MediaSession | null,
  sound: SoundName,
  policy: MediaPolicy | null,
  media: CallMedia,
  sip: SipLeg,
): void {
  const description = session === null ? null : media.answer(session.local);
  if (session === null || description === null) return;
  sip.progress(description);
  session.preview();
  playSound(session, sound, policy);
}
