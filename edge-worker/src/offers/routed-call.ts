/** What routing looks at in an offer: five texts. The Request-URI is none of them: LiveKit routes by From and To. */
import type { Offer } from '@callgate/shared/contract/offer.ts';
import type { RoutedCall } from '@callgate/shared/routing/routed-call.ts';

export function routedCall(offer: Offer): RoutedCall {
  return {
    callId: offer.call_id,
    source: offer.source.address,
    fromUser: offer.from.user,
    fromHost: offer.from.host,
    toUser: offer.to.user,
  };
}
