/**
 * Updates of trunks: `replace` puts a whole new object in place and resets what it leaves out, `update`
 * changes single fields. The request is judged before the stored trunk is looked at.
 */
import type {
  SIPInboundTrunkInfo,
  SIPInboundTrunkUpdate,
  SIPOutboundTrunkInfo,
  SIPOutboundTrunkUpdate,
  UpdateSIPInboundTrunkRequest,
  UpdateSIPOutboundTrunkRequest,
} from '@livekit/protocol';
import { type Fault, fault } from './fault.ts';
import { applyListUpdate, listUpdateFault } from './list-update.ts';
import { noUpdateActionText, updateAction } from './update-action.ts';
import { applyMediaUpdate } from './update-media.ts';
import { mediaFault } from './validate-media.ts';
import { inboundTrunkFault, outboundTrunkFault } from './validate-trunk.ts';

/** What is wrong with the request alone; null: nothing. */
export function inboundUpdateFault(request: UpdateSIPInboundTrunkRequest): Fault | null {
  const action = updateAction(request);
  const ofRequest = updateFault(request.sipTrunkId, action);
  if (ofRequest !== null || action === null) return ofRequest;
  if (action.case === 'replace') return inboundTrunkFault(action.value);
  const { numbers, allowedAddresses, allowedNumbers, media } = action.value;
  return (
    listUpdateFault('update.numbers', numbers) ??
    listUpdateFault('update.allowed_addresses', allowedAddresses) ??
    listUpdateFault('update.allowed_numbers', allowedNumbers) ??
    mediaFault(media)
  );
}

/** What is wrong with the request alone; null: nothing. */
export function outboundUpdateFault(request: UpdateSIPOutboundTrunkRequest): Fault | null {
  const action = updateAction(request);
  const ofRequest = updateFault(request.sipTrunkId, action);
  if (ofRequest !== null || action === null) return ofRequest;
  if (action.case === 'replace') return outboundTrunkFault(action.value);
  return listUpdateFault('update.numbers', action.value.numbers) ?? mediaFault(action.value.media);
}

/** The trunk after a request without fault; it may still be unfit to be stored. */
export function applyInboundUpdate(
  stored: SIPInboundTrunkInfo,
  { action }: UpdateSIPInboundTrunkRequest,
): SIPInboundTrunkInfo {
  if (action.case === 'replace') return withId(action.value.clone(), stored.sipTrunkId);
  const trunk = stored.clone();
  if (action.case === 'update') applyInboundFields(trunk, action.value);
  return trunk;
}

/** The trunk after a request without fault; it may still be unfit to be stored. */
export function applyOutboundUpdate(
  stored: SIPOutboundTrunkInfo,
  { action }: UpdateSIPOutboundTrunkRequest,
): SIPOutboundTrunkInfo {
  if (action.case === 'replace') return withId(action.value.clone(), stored.sipTrunkId);
  const trunk = stored.clone();
  if (action.case === 'update') applyOutboundFields(trunk, action.value);
  return trunk;
}

function updateFault(
  id: string,
  action: { readonly case: string; readonly value: object } | null,
): Fault | null {
  if (id === '') return fault('sip_trunk_id', 'trunk id must be set');
  if (action === null) return fault('action', noUpdateActionText);
  if (action.case !== 'replace' || !('sipTrunkId' in action.value)) return null;
  if (action.value.sipTrunkId === '' || action.value.sipTrunkId === id) return null;
  const msg = 'trunk id in the info must be empty or match the id in the update';
  return fault('replace.sip_trunk_id', msg);
}

function withId<Trunk extends { sipTrunkId: string }>(trunk: Trunk, id: string): Trunk {
  trunk.sipTrunkId = id;
  return trunk;
}

/** Fields that the update leaves out stay; an empty text is a text. */
function applyInboundFields(trunk: SIPInboundTrunkInfo, update: SIPInboundTrunkUpdate): void {
  trunk.numbers = applyListUpdate(trunk.numbers, update.numbers);
  trunk.allowedAddresses = applyListUpdate(trunk.allowedAddresses, update.allowedAddresses);
  trunk.allowedNumbers = applyListUpdate(trunk.allowedNumbers, update.allowedNumbers);
  trunk.authUsername = update.authUsername ?? trunk.authUsername;
  trunk.authPassword = update.authPassword ?? trunk.authPassword;
  trunk.authRealm = update.authRealm ?? trunk.authRealm;
  trunk.name = update.name ?? trunk.name;
  trunk.metadata = update.metadata ?? trunk.metadata;
  applyMediaUpdate(trunk, update);
}

function applyOutboundFields(trunk: SIPOutboundTrunkInfo, update: SIPOutboundTrunkUpdate): void {
  trunk.address = update.address ?? trunk.address;
  trunk.transport = update.transport ?? trunk.transport;
  trunk.destinationCountry = update.destinationCountry ?? trunk.destinationCountry;
  trunk.numbers = applyListUpdate(trunk.numbers, update.numbers);
  trunk.authUsername = update.authUsername ?? trunk.authUsername;
  trunk.authPassword = update.authPassword ?? trunk.authPassword;
  trunk.name = update.name ?? trunk.name;
  trunk.metadata = update.metadata ?? trunk.metadata;
  trunk.fromHost = update.fromHost ?? trunk.fromHost;
  applyMediaUpdate(trunk, update);
}
