/** What the edge is told of an INVITE. Pure. */
import type { Offer } from '@callgate/shared/contract/offer.ts';
import { contractVersion } from '@callgate/shared/contract/version.ts';
import { sipLimits } from '@callgate/shared/limits.ts';
import { sourceText } from '@callgate/shared/sip/source-text.ts';
import type { InviteRequest } from '../sip/sip-endpoint.ts';

/** Builds the offer of one INVITE. Headers beyond the contract's bound are left out, the call is not. */
export function offerFromInvite(
  invite: InviteRequest,
  call: { readonly id: string; readonly sequence: number; readonly minRevision: number },
): Offer {
  const { from, to, request } = invite;
  return {
    contract: contractVersion,
    call_id: call.id,
    sequence: call.sequence,
    min_revision: call.minRevision,
    source: { ...invite.source },
    request_uri: invite.requestUri,
    request: { user: request.user, host: request.host },
    from: { user: from.user, host: from.host, tag: from.tag, display_name: from.displayName },
    to: { user: to.user, host: to.host },
    sip_call_id: invite.callId,
    headers: invite.headers
      .slice(0, sipLimits.offeredHeadersMax)
      .map(({ name, value }) => ({ name, value })),
    credentials: invite.credentials === null ? null : { ...invite.credentials },
  };
}

/** Who calls whom from where, for the log. */
export function inviteFields(invite: InviteRequest): Readonly<Record<string, string>> {
  const { from, to, source, callId } = invite;
  return {
    source: sourceText(source),
    from_user: from.user,
    to_user: to.user,
    sip_call_id: callId,
  };
}
