/**
 * Updates of dispatch rules: `replace` puts a whole new rule in place, `update` changes single fields. The
 * kind of a rule is replaced whole, its PIN included; an empty attribute is taken away.
 */
import type {
  SIPDispatchRuleInfo,
  SIPDispatchRuleUpdate,
  UpdateSIPDispatchRuleRequest,
} from '@livekit/protocol';
import { type Fault, fault } from './fault.ts';
import { applyListUpdate, listUpdateFault } from './list-update.ts';
import { noUpdateActionText, updateAction } from './update-action.ts';
import { applyMediaUpdate } from './update-media.ts';
import { mediaFault } from './validate-media.ts';
import { ruleRequestFault } from './validate-rule.ts';

/** What is wrong with the request alone; null: nothing. */
export function ruleUpdateFault(request: UpdateSIPDispatchRuleRequest): Fault | null {
  const id = request.sipDispatchRuleId;
  const action = updateAction(request);
  if (id === '') return fault('sip_dispatch_rule_id', 'rule id must be set');
  if (action === null) return fault('action', noUpdateActionText);
  if (action.case === 'update') {
    const { trunkIds, media } = action.value;
    return listUpdateFault('update.trunk_ids', trunkIds) ?? mediaFault(media);
  }
  if (action.value.sipDispatchRuleId !== '' && action.value.sipDispatchRuleId !== id) {
    const msg = 'rule id in the info must be empty or match the id in the update';
    return fault('replace.sip_dispatch_rule_id', msg);
  }
  return ruleRequestFault(action.value);
}

/** The rule after a request without fault; it may still be unfit to be stored. */
export function applyRuleUpdate(
  stored: SIPDispatchRuleInfo,
  { action }: UpdateSIPDispatchRuleRequest,
): SIPDispatchRuleInfo {
  const rule = (action.case === 'replace' ? action.value : stored).clone();
  rule.sipDispatchRuleId = stored.sipDispatchRuleId;
  if (action.case === 'update') applyFields(rule, action.value);
  return rule;
}

function applyFields(rule: SIPDispatchRuleInfo, update: SIPDispatchRuleUpdate): void {
  rule.trunkIds = applyListUpdate(rule.trunkIds, update.trunkIds);
  if (update.rule !== undefined) rule.rule = update.rule.clone();
  rule.name = update.name ?? rule.name;
  rule.metadata = update.metadata ?? rule.metadata;
  const attributes = { ...rule.attributes, ...update.attributes };
  rule.attributes = Object.fromEntries(
    Object.entries(attributes).filter(([name]) => update.attributes[name] !== ''),
  );
  applyMediaUpdate(rule, update);
}
