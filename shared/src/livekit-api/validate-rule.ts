/**
 * Whether a dispatch rule may be stored, judged alone; conflicts with others are found elsewhere. Trunks of
 * the rule need not exist, and a direct rule needs no room name: as in LiveKit.
 */
import type { SIPDispatchRuleInfo } from '@livekit/protocol';
import { type Fault, fault } from './fault.ts';
import { mediaFault } from './validate-media.ts';

/** The words of LiveKit for a rule whose oneof is empty. */
const ruleWithoutKindText = 'unsupported SIP Dispatch Rule: <nil>';

/** null: the rule may be stored. */
export function ruleFault(rule: SIPDispatchRuleInfo): Fault | null {
  if (rule.rule === undefined) return fault('rule', 'missing rule');
  const ofMedia = mediaFault(rule.media);
  if (ofMedia !== null) return ofMedia;
  return rule.rule.rule.case === undefined ? fault('rule', ruleWithoutKindText) : null;
}
