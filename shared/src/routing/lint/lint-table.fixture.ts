/** Small tables in proto JSON and what the linter says of them, for its tests. */
import type { JsonValue } from '@bufbuild/protobuf';
import { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import type { Finding } from './finding.ts';
import { lintRouting } from './lint-routing.ts';

export interface Table {
  readonly trunks?: JsonValue[];
  readonly rules?: JsonValue[];
  readonly allowTrunklessCalls?: boolean;
}

export function lint(table: Table): readonly Finding[] {
  return lintRouting({
    trunks: (table.trunks ?? []).map((json) => SIPInboundTrunkInfo.fromJson(json)),
    rules: (table.rules ?? []).map((json) => SIPDispatchRuleInfo.fromJson(json)),
    allowTrunklessCalls: table.allowTrunklessCalls ?? false,
  }).findings;
}

/** `code id field severity` of findings, without those about rules for every trunk. */
export function summary(table: Table): string[] {
  return lint(table)
    .filter(({ code }) => code !== 'rule-for-every-trunk')
    .map(({ code, id, field, severity }) => `${code} ${id} ${field} ${severity}`);
}

const safe = { auth_username: 'user', auth_password: 'a long enough secret' };
export const trunk = (id: string, more: object = {}) => ({ sip_trunk_id: id, ...safe, ...more });
export const rule = (id: string, more: object = {}, pin = '') => ({
  sip_dispatch_rule_id: id,
  rule: { dispatch_rule_direct: { room_name: 'r', pin } },
  ...more,
});
