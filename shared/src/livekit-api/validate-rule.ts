/**
 * Whether a dispatch rule may be stored, judged alone; conflicts with others are found elsewhere. Trunks of
 * the rule need not exist, and a direct rule needs no room name: as in LiveKit.
 */
import type { SIPDispatchRuleInfo } from '@livekit/protocol';
import { ownAttributesFault } from '../routing/call-sounds.ts';
import { type Fault, fault } from './fault.ts';
import { mediaFault } from './validate-media.ts';

/** null: the rule may be stored. */
export function ruleFault(rule: SIPDispatchRuleInfo): Fault | null {
  const ofRequest = ruleRequestFault(rule);
  if (ofRequest !== null) return ofRequest;
  return rule.rule?.rule.case === undefined
    ? fault('rule', 'unsupported SIP Dispatch Rule: <nil>')
    : null;
}

/** What is looked at before the stored rule is: LiveKit looks at the kind only after that. */
export function ruleRequestFault(rule: SIPDispatchRuleInfo): Fault | null {
  if (rule.rule === undefined) return fault('rule', 'missing rule');
  return mediaFault(rule.media) ?? ownAttributesFault(rule.attributes);
}
