/**
 * The requests of livekit.SIP about outbound trunks, judged as LiveKit judges them. Callgate makes no calls
 * and stores no outbound trunk: the edge answers a request that is accepted here with outboundText, and one
 * that is refused here with the same error as LiveKit.
 */
import {
  type CreateSIPOutboundTrunkRequest,
  type GetSIPOutboundTrunkRequest,
  GetSIPOutboundTrunkResponse,
  type SIPOutboundTrunkInfo,
  type UpdateSIPOutboundTrunkRequest,
} from '@livekit/protocol';
import { type ApiAnswer, apiError, apiOk, invalidArgument } from './api-answer.ts';
import { missingTrunk, newIdFault, noSuchTrunk, trunkIdRequired } from './inbound-trunks.ts';
import { applyOutboundUpdate, outboundUpdateFault } from './update-trunk.ts';
import { outboundTrunkFault } from './validate-trunk.ts';

/** What Callgate is for, said to those who want something else of it. */
export const outboundText =
  'Callgate brings phone calls into rooms and makes none: outbound trunks and outbound calls stay with LiveKit SIP';

/** Outbound trunks by id. */
export type StoredOutbound = (id: string) => SIPOutboundTrunkInfo | undefined;

export function handleCreateSIPOutboundTrunk(
  { trunk }: CreateSIPOutboundTrunkRequest,
  newId: string,
): ApiAnswer<SIPOutboundTrunkInfo> {
  if (trunk === undefined) return invalidArgument(missingTrunk);
  const refused = newIdFault(trunk) ?? outboundTrunkFault(trunk);
  if (refused !== null) return invalidArgument(refused);
  const created = trunk.clone();
  created.sipTrunkId = newId;
  return apiOk(created);
}

export function handleUpdateSIPOutboundTrunk(
  stored: StoredOutbound,
  request: UpdateSIPOutboundTrunkRequest,
): ApiAnswer<SIPOutboundTrunkInfo> {
  const ofRequest = outboundUpdateFault(request);
  if (ofRequest !== null) return invalidArgument(ofRequest);
  const old = stored(request.sipTrunkId);
  if (old === undefined) return apiError('not_found', noSuchTrunk);
  const trunk = applyOutboundUpdate(old, request);
  const refused = outboundTrunkFault(trunk);
  return refused === null ? apiOk(trunk) : invalidArgument(refused);
}

export function handleGetSIPOutboundTrunk(
  stored: StoredOutbound,
  { sipTrunkId }: GetSIPOutboundTrunkRequest,
): ApiAnswer<GetSIPOutboundTrunkResponse> {
  if (sipTrunkId === '') return invalidArgument(trunkIdRequired);
  const trunk = stored(sipTrunkId);
  if (trunk === undefined) return apiError('not_found', noSuchTrunk);
  return apiOk(new GetSIPOutboundTrunkResponse({ trunk }));
}
