/**
 * The requests of livekit.SIP about dispatch rules: what each answers, and what it changes. Whatever is
 * accepted leaves a set without conflicts.
 */
import {
  type CreateSIPDispatchRuleRequest,
  type DeleteSIPDispatchRuleRequest,
  type ListSIPDispatchRuleRequest,
  ListSIPDispatchRuleResponse,
  SIPDispatchRuleInfo,
  type UpdateSIPDispatchRuleRequest,
} from '@livekit/protocol';
import { upgradeMedia } from '../routing/merge-media.ts';
import { type ApiAnswer, apiError, apiOk, invalidArgument } from './api-answer.ts';
import { ruleConflictFault } from './conflict-fault.ts';
import { fault } from './fault.ts';
import type { StoredRouting } from './stored-routing.ts';
import { applyRuleUpdate, ruleUpdateFault } from './update-rule.ts';
import { ruleFault } from './validate-rule.ts';

const noSuchRule = 'requested sip dispatch rule does not exist';

/** @param newId id for the new rule, `SDR_…` */
export function handleCreateSIPDispatchRule(
  stored: StoredRouting,
  request: CreateSIPDispatchRuleRequest,
  newId: string,
): ApiAnswer<SIPDispatchRuleInfo> {
  const rule = ruleOfRequest(request);
  if (rule.sipDispatchRuleId !== '') {
    return invalidArgument(fault('dispatch_rule.sip_dispatch_rule_id', 'rule id must not be set'));
  }
  const refused = ruleFault(rule) ?? ruleConflictFault(rule, stored.rulesBeside(rule));
  if (refused !== null) return invalidArgument(refused);
  rule.sipDispatchRuleId = newId;
  return apiOk(rule, { kind: 'put-rule', rule });
}

export function handleUpdateSIPDispatchRule(
  stored: StoredRouting,
  request: UpdateSIPDispatchRuleRequest,
): ApiAnswer<SIPDispatchRuleInfo> {
  const ofRequest = ruleUpdateFault(request);
  if (ofRequest !== null) return invalidArgument(ofRequest);
  const old = stored.rule(request.sipDispatchRuleId);
  if (old === undefined) return apiError('not_found', noSuchRule);
  const rule = applyRuleUpdate(old, request);
  const refused = ruleFault(rule) ?? ruleConflictFault(rule, stored.rulesBeside(rule));
  return refused === null ? apiOk(rule, { kind: 'put-rule', rule }) : invalidArgument(refused);
}

/** Rules without trunks pass every filter by trunk: they take calls of every trunk. */
export function handleListSIPDispatchRule(
  stored: StoredRouting,
  { page, dispatchRuleIds, trunkIds }: ListSIPDispatchRuleRequest,
): ApiAnswer<ListSIPDispatchRuleResponse> {
  const ids = new Set(dispatchRuleIds);
  const trunks = new Set(trunkIds);
  const items: SIPDispatchRuleInfo[] = [];
  for (const rule of stored.rules(page?.afterId ?? '')) {
    const passes =
      (ids.size === 0 || ids.has(rule.sipDispatchRuleId)) &&
      (trunks.size === 0 ||
        rule.trunkIds.length === 0 ||
        rule.trunkIds.some((id) => trunks.has(id)));
    if (passes) items.push(rule);
  }
  return apiOk(new ListSIPDispatchRuleResponse({ items }));
}

/** Answers the whole rule as it was. */
export function handleDeleteSIPDispatchRule(
  stored: StoredRouting,
  { sipDispatchRuleId: id }: DeleteSIPDispatchRuleRequest,
): ApiAnswer<SIPDispatchRuleInfo> {
  if (id === '')
    return invalidArgument(fault('sip_dispatch_rule_id', 'dispatch rule ID is required'));
  const rule = stored.rule(id);
  if (rule === undefined) return apiError('not_found', noSuchRule);
  return apiOk(rule, { kind: 'delete-rule', id });
}

/**
 * The rule that is asked for. `dispatch_rule` wins whole over the deprecated form, which has the fields of
 * the rule at the top of the request and which the Node SDK still sends. Only the new form has its media
 * upgraded, as in LiveKit.
 */
function ruleOfRequest(request: CreateSIPDispatchRuleRequest): SIPDispatchRuleInfo {
  if (request.dispatchRule !== undefined) {
    const rule = request.dispatchRule.clone();
    rule.media = upgradeMedia(rule);
    return rule;
  }
  const { rule, trunkIds, hidePhoneNumber, inboundNumbers, roomConfig } = request;
  const { name, metadata, attributes, roomPreset } = request;
  return new SIPDispatchRuleInfo({
    ...(rule === undefined ? {} : { rule }),
    ...(roomConfig === undefined ? {} : { roomConfig }),
    ...{ trunkIds, hidePhoneNumber, inboundNumbers, name, metadata, attributes, roomPreset },
  });
}
