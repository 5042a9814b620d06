/** Who decides over an INVITE: the edge, which may have given this node beforehand what to say to it. */
import type { Decision } from '@callgate/shared/contract/decision.ts';
import type { EdgeClient } from '../edge/edge-client.ts';
import { type AttemptWatch, waitFor } from '../ops/call-watch.ts';
import type { InviteRequest } from '../sip/sip-endpoint.ts';
import type { CallIdentity } from './call-parts.ts';
import { offerFromInvite } from './offer-from-invite.ts';

/** @param watch told of the wait for the edge, when there is one. @throws PartError as EdgeClient.decide */
export async function decisionOver(
  invite: InviteRequest,
  identity: CallIdentity,
  edge: EdgeClient,
  watch: AttemptWatch,
): Promise<Decision> {
  const offer = offerFromInvite(invite, identity);
  const known = edge.knownChallenge(offer);
  if (known !== null) return known;
  return await waitFor(watch, 'edge.decide', (traceparent) => edge.decide(offer, traceparent));
}
