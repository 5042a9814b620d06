/**
 * livekit.SIP over a routing set, pure: a request and what is stored give an answer and a change. Texts of errors are those
 * of livekit-server, so that clients that read them keep working.
 */

import type { AnyMessage } from '@bufbuild/protobuf';
import { normalizeNumber } from '@callgate/shared/routing/normalize-number.ts';
import {
  type CreateSIPDispatchRuleRequest,
  type CreateSIPInboundTrunkRequest,
  type DeleteSIPDispatchRuleRequest,
  type DeleteSIPTrunkRequest,
  type GetSIPInboundTrunkRequest,
  GetSIPInboundTrunkResponse,
  type ListSIPDispatchRuleRequest,
  ListSIPDispatchRuleResponse,
  type ListSIPInboundTrunkRequest,
  ListSIPInboundTrunkResponse,
  SIPDispatchRuleInfo,
  type SIPInboundTrunkInfo,
  SIPTrunkInfo,
} from '@livekit/protocol';
import { randomText } from '../rooms/random-text.ts';
import { noChange, type RoutingChange, type RoutingSet } from '../routing/table-store.ts';
import { conflictText, ruleFault, trunkFault } from './check-set.ts';
import { sipRpcs } from './sip-messages.ts';
import type { TwirpCode } from './twirp.ts';

export type SipAnswer =
  | { kind: 'ok'; response: Uint8Array }
  | { kind: 'error'; code: TwirpCode; msg: string };

export interface Handled {
  readonly answer: SipAnswer;
  /** null: the table stays as it is. */
  readonly change: RoutingChange | null;
}

/** Handles one request. `request` is protobuf of the RPC's request message. */
export function handleSipRequest(set: RoutingSet, rpc: string, request: Uint8Array): Handled {
  const message = sipRpcs.get(rpc)?.request.fromBinary(request);
  switch (rpc) {
    case 'CreateSIPInboundTrunk':
      return createTrunk(set, message as CreateSIPInboundTrunkRequest);
    case 'GetSIPInboundTrunk':
      return getTrunk(set, message as GetSIPInboundTrunkRequest);
    case 'ListSIPInboundTrunk':
      return listTrunks(set, message as ListSIPInboundTrunkRequest);
    case 'DeleteSIPTrunk':
      return deleteTrunk(set, message as DeleteSIPTrunkRequest);
    case 'CreateSIPDispatchRule':
      return createRule(set, message as CreateSIPDispatchRuleRequest);
    case 'ListSIPDispatchRule':
      return listRules(set, message as ListSIPDispatchRuleRequest);
    case 'DeleteSIPDispatchRule':
      return deleteRule(set, message as DeleteSIPDispatchRuleRequest);
    default:
      return error('bad_route', `no handler for ${rpc}`);
  }
}

function createTrunk(set: RoutingSet, { trunk }: CreateSIPInboundTrunkRequest): Handled {
  if (trunk === undefined) return error('invalid_argument', 'missing trunk');
  if (trunk.sipTrunkId !== '') return error('invalid_argument', 'trunk id must not be set');
  const fault = trunkFault(trunk) ?? conflictText(withTrunk(set, '', trunk));
  if (fault !== null) return error('invalid_argument', fault);
  trunk.sipTrunkId = `ST_${randomText()}`;
  return ok(trunk, { ...noChange, trunks: new Map([[trunk.sipTrunkId, trunk]]) });
}

function getTrunk(set: RoutingSet, { sipTrunkId }: GetSIPInboundTrunkRequest): Handled {
  if (sipTrunkId === '') return error('invalid_argument', 'trunk ID is required');
  const trunk = set.trunks.get(sipTrunkId);
  if (trunk === undefined) return error('not_found', 'requested sip trunk does not exist');
  return ok(new GetSIPInboundTrunkResponse({ trunk }));
}

function listTrunks(set: RoutingSet, { trunkIds, numbers }: ListSIPInboundTrunkRequest): Handled {
  const wanted = new Set(numbers.map(normalizeNumber));
  const items = [...set.trunks.values()].filter(
    (trunk) =>
      (trunkIds.length === 0 || trunkIds.includes(trunk.sipTrunkId)) &&
      (wanted.size === 0 ||
        trunk.numbers.length === 0 ||
        trunk.numbers.some((number) => wanted.has(normalizeNumber(number)))),
  );
  return ok(new ListSIPInboundTrunkResponse({ items }));
}

function deleteTrunk(set: RoutingSet, { sipTrunkId }: DeleteSIPTrunkRequest): Handled {
  if (sipTrunkId === '') return error('invalid_argument', 'trunk ID is required');
  const change = set.trunks.has(sipTrunkId)
    ? { ...noChange, trunks: new Map([[sipTrunkId, null]]) }
    : null;
  return ok(new SIPTrunkInfo({ sipTrunkId }), change);
}

function createRule(set: RoutingSet, request: CreateSIPDispatchRuleRequest): Handled {
  const rule = request.dispatchRule ?? ruleOfOldForm(request);
  if (rule.sipDispatchRuleId !== '') return error('invalid_argument', 'rule id must not be set');
  const fault = ruleFault(rule) ?? conflictText(withRule(set, '', rule));
  if (fault !== null) return error('invalid_argument', fault);
  rule.sipDispatchRuleId = `SDR_${randomText()}`;
  return ok(rule, { ...noChange, rules: new Map([[rule.sipDispatchRuleId, rule]]) });
}

/** The deprecated form of the request, which the Node SDK still sends: the rule's fields at its top. */
function ruleOfOldForm(request: CreateSIPDispatchRuleRequest): SIPDispatchRuleInfo {
  const { rule, trunkIds, hidePhoneNumber, inboundNumbers, name, metadata } = request;
  const { attributes, roomPreset, roomConfig } = request;
  return new SIPDispatchRuleInfo({
    trunkIds,
    hidePhoneNumber,
    inboundNumbers,
    name,
    metadata,
    attributes,
    roomPreset,
    ...(rule === undefined ? {} : { rule }),
    ...(roomConfig === undefined ? {} : { roomConfig }),
  });
}

function listRules(set: RoutingSet, request: ListSIPDispatchRuleRequest): Handled {
  const { dispatchRuleIds, trunkIds } = request;
  const items = [...set.rules.values()].filter(
    (rule) =>
      (dispatchRuleIds.length === 0 || dispatchRuleIds.includes(rule.sipDispatchRuleId)) &&
      (trunkIds.length === 0 ||
        rule.trunkIds.length === 0 ||
        rule.trunkIds.some((id) => trunkIds.includes(id))),
  );
  return ok(new ListSIPDispatchRuleResponse({ items }));
}

function deleteRule(set: RoutingSet, request: DeleteSIPDispatchRuleRequest): Handled {
  const id = request.sipDispatchRuleId;
  if (id === '') return error('invalid_argument', 'dispatch rule ID is required');
  const rule = set.rules.get(id);
  if (rule === undefined) return error('not_found', 'requested sip dispatch rule does not exist');
  return ok(rule, { ...noChange, rules: new Map([[id, null]]) });
}

function withTrunk(set: RoutingSet, id: string, trunk: SIPInboundTrunkInfo): RoutingSet {
  return { ...set, trunks: new Map([...set.trunks, [id, trunk]]) };
}

function withRule(set: RoutingSet, id: string, rule: SIPDispatchRuleInfo): RoutingSet {
  return { ...set, rules: new Map([...set.rules, [id, rule]]) };
}

function ok(response: AnyMessage, change: RoutingChange | null = null): Handled {
  return { answer: { kind: 'ok', response: response.toBinary() }, change };
}

function error(code: TwirpCode, msg: string): Handled {
  return { answer: { kind: 'error', code, msg }, change: null };
}
