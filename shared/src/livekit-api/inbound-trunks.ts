/**
 * The requests of livekit.SIP about inbound trunks: what each answers, and what it changes. Whatever is
 * accepted leaves a set without conflicts.
 */
import {
  type CreateSIPInboundTrunkRequest,
  type DeleteSIPTrunkRequest,
  type GetSIPInboundTrunkRequest,
  GetSIPInboundTrunkResponse,
  type ListSIPInboundTrunkRequest,
  ListSIPInboundTrunkResponse,
  type ListSIPTrunkRequest,
  ListSIPTrunkResponse,
  type SIPInboundTrunkInfo,
  SIPTrunkInfo,
  type UpdateSIPInboundTrunkRequest,
} from '@livekit/protocol';
import { normalizeNumber } from '../routing/normalize-number.ts';
import { type ApiAnswer, apiError, apiOk, invalidArgument } from './api-answer.ts';
import { trunkConflictFault } from './conflict-fault.ts';
import { type Fault, fault } from './fault.ts';
import { legacyFromInbound } from './legacy-trunk.ts';
import type { StoredRouting } from './stored-routing.ts';
import { applyInboundUpdate, inboundUpdateFault } from './update-trunk.ts';
import { inboundTrunkFault } from './validate-trunk.ts';

/** The words of LiveKit. */
export const noSuchTrunk = 'requested sip trunk does not exist';
export const missingTrunk = fault('trunk', 'missing trunk');
export const trunkIdRequired = fault('sip_trunk_id', 'trunk ID is required');

/** @param newId id for the new trunk, `ST_…` */
export function handleCreateSIPInboundTrunk(
  stored: StoredRouting,
  { trunk }: CreateSIPInboundTrunkRequest,
  newId: string,
): ApiAnswer<SIPInboundTrunkInfo> {
  if (trunk === undefined) return invalidArgument(missingTrunk);
  const refused =
    newIdFault(trunk) ??
    inboundTrunkFault(trunk) ??
    trunkConflictFault(trunk, stored.trunksBeside(trunk));
  if (refused !== null) return invalidArgument(refused);
  const created = trunk.clone();
  created.sipTrunkId = newId;
  return apiOk(created, { kind: 'put-trunk', trunk: created });
}

export function handleUpdateSIPInboundTrunk(
  stored: StoredRouting,
  request: UpdateSIPInboundTrunkRequest,
): ApiAnswer<SIPInboundTrunkInfo> {
  const ofRequest = inboundUpdateFault(request);
  if (ofRequest !== null) return invalidArgument(ofRequest);
  const old = stored.trunk(request.sipTrunkId);
  if (old === undefined) return apiError('not_found', noSuchTrunk);
  const trunk = applyInboundUpdate(old, request);
  const refused = inboundTrunkFault(trunk) ?? trunkConflictFault(trunk, stored.trunksBeside(trunk));
  return refused === null ? apiOk(trunk, { kind: 'put-trunk', trunk }) : invalidArgument(refused);
}

export function handleGetSIPInboundTrunk(
  stored: StoredRouting,
  { sipTrunkId }: GetSIPInboundTrunkRequest,
): ApiAnswer<GetSIPInboundTrunkResponse> {
  if (sipTrunkId === '') return invalidArgument(trunkIdRequired);
  const trunk = stored.trunk(sipTrunkId);
  if (trunk === undefined) return apiError('not_found', noSuchTrunk);
  return apiOk(new GetSIPInboundTrunkResponse({ trunk }));
}

/** Trunks without numbers pass every filter by number: they take every number. */
export function handleListSIPInboundTrunk(
  stored: StoredRouting,
  { page, trunkIds, numbers }: ListSIPInboundTrunkRequest,
): ApiAnswer<ListSIPInboundTrunkResponse> {
  const ids = new Set(trunkIds);
  const wanted = new Set(numbers.map(normalizeNumber));
  const items: SIPInboundTrunkInfo[] = [];
  for (const trunk of stored.trunks(page?.afterId ?? '')) {
    const passes =
      (ids.size === 0 || ids.has(trunk.sipTrunkId)) &&
      (wanted.size === 0 ||
        trunk.numbers.length === 0 ||
        trunk.numbers.some((number) => wanted.has(normalizeNumber(number))));
    if (passes) items.push(trunk);
  }
  return apiOk(new ListSIPInboundTrunkResponse({ items }));
}

/** The deprecated list: inbound trunks in their old form. */
export function handleListSIPTrunk(
  stored: StoredRouting,
  { page }: ListSIPTrunkRequest,
): ApiAnswer<ListSIPTrunkResponse> {
  const items = Array.from(stored.trunks(page?.afterId ?? ''), legacyFromInbound);
  return apiOk(new ListSIPTrunkResponse({ items }));
}

/** Succeeds for unknown ids, too, and answers the id alone. */
export function handleDeleteSIPTrunk(
  stored: StoredRouting,
  { sipTrunkId }: DeleteSIPTrunkRequest,
): ApiAnswer<SIPTrunkInfo> {
  if (sipTrunkId === '') return invalidArgument(trunkIdRequired);
  const isStored = stored.trunk(sipTrunkId) !== undefined;
  return apiOk(
    new SIPTrunkInfo({ sipTrunkId }),
    isStored ? { kind: 'delete-trunk', id: sipTrunkId } : null,
  );
}

/** Ids are given by the edge; null: the trunk brings none along. */
export function newIdFault(trunk: { readonly sipTrunkId: string }): Fault | null {
  return trunk.sipTrunkId === '' ? null : fault('trunk.sip_trunk_id', 'trunk id must not be set');
}
