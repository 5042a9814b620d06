/** What makes a trunk, a rule or a whole set unfit to be stored, in livekit-server's words; null: nothing does. */

import { type Conflict, findConflicts } from '@callgate/shared/routing/conflicts.ts';
import type { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import type { RoutingSet } from '../routing/table-store.ts';

export function trunkFault(trunk: SIPInboundTrunkInfo): string | null {
  const hasUser = trunk.authUsername !== '';
  const hasPassword = trunk.authPassword !== '';
  if (!hasUser && !hasPassword && trunk.allowedAddresses.length + trunk.numbers.length === 0)
    return 'for security, one of the fields must be set: AuthUsername+AuthPassword, AllowedAddresses or Numbers';
  if (hasUser && !hasPassword) return 'auth_password must be set together with auth_username';
  if (hasPassword && !hasUser) return 'auth_username must be set together with auth_password';
  return null;
}

export function ruleFault(rule: SIPDispatchRuleInfo): string | null {
  if (rule.rule === undefined) return 'missing rule';
  if (rule.rule.rule.case === undefined) return 'unsupported SIP Dispatch Rule: <nil>';
  return null;
}

/** The first conflict of a set. */
export function conflictText(set: RoutingSet): string | null {
  const [conflict] = findConflicts({
    trunks: [...set.trunks.values()],
    rules: [...set.rules.values()],
  });
  return conflict === undefined ? null : textOf(conflict);
}

function textOf(conflict: Conflict): string {
  switch (conflict.kind) {
    case 'trunk': {
      const [a, b] = conflict.trunks.map(({ id }) => `"${id === '' ? '<new>' : id}"`);
      const caller =
        conflict.caller === null
          ? 'without AllowedNumbers set'
          : `and AllowedNumber "${conflict.caller}"`;
      return `Conflicting inbound SIP Trunks: ${a} and ${b}, using the same number(s) ${conflict.called === null ? '<any>' : `["${conflict.called}"]`} ${caller}`;
    }
    case 'rule': {
      const old = conflict.rules.find(({ id }) => id !== '');
      return `Dispatch rule for the same trunk, inbound number, number, and PIN combination already exists in dispatch rule "${old?.id ?? '<new>'}" "${old?.info.name || '<blank name>'}"`;
    }
    case 'rule-without-kind':
      return 'unsupported SIP Dispatch Rule: <nil>';
    default:
      return conflict satisfies never;
  }
}
