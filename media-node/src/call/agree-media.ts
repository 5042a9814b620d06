/**
 * What an INVITE's body comes to under the decision's media policy. Pure. Asked only after the edge has authorised the call, so that a
 * stranger learns nothing about codecs.
 */
import type { MediaPolicy } from '@callgate/shared/contract/decision.ts';
import { type Agreement, type Disagreement, type NodeMedia, negotiate } from '../sdp/negotiate.ts';
import { parseSdp, type SessionDescription } from '../sdp/parse-sdp.ts';
import type { InviteRequest } from '../sip/sip-endpoint.ts';

/** The offer as read, and what was agreed on. */
export interface AgreedMedia {
  readonly kind: 'agreed';
  readonly offer: SessionDescription;
  readonly agreement: Agreement;
}

/** Reads and settles the SDP offer of an INVITE; a refusal carries a reason of the table of outcomes. */
export function agreeMedia(
  invite: Pick<InviteRequest, 'body' | 'contentType'>,
  policy: MediaPolicy,
  node: NodeMedia,
): AgreedMedia | Disagreement {
  if (invite.body.length === 0) {
    return { kind: 'refused', reason: 'bad-sdp', explanation: 'The INVITE has no body.' };
  }
  if (invite.contentType !== 'application/sdp') {
    return {
      kind: 'refused',
      reason: 'unsupported-media-type',
      explanation: `The body is ${invite.contentType}; expected application/sdp.`,
    };
  }
  const reading = parseSdp(invite.body);
  if (reading.kind === 'fault') {
    return { kind: 'refused', reason: 'bad-sdp', explanation: `SDP: ${reading.message}.` };
  }
  const agreement = negotiate(reading.session, policy, node);
  if (agreement.kind === 'refused') return agreement;
  return { kind: 'agreed', offer: reading.session, agreement };
}
