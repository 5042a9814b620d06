/** Why a call was refused, in sentences that a person understands; they stand in records and logs, never on the SIP wire. */
import type { Offer } from '@callgate/shared/contract/offer.ts';

export function explainNoTrunk(offer: Offer): string {
  return `No inbound trunk takes a call from ${named(offer.from.user)} at ${offer.source.address} to ${named(offer.to.user)}.`;
}

export function explainNoRule(offer: Offer, trunkId: string | null): string {
  const trunk = trunkId === null ? 'No trunk took the call' : `Trunk ${trunkId} took the call`;
  return `${trunk}, but no dispatch rule sends a call from ${named(offer.from.user)} to ${named(offer.to.user)} anywhere.`;
}

function named(user: string): string {
  return user === '' ? 'an anonymous user' : user;
}
