/** Trunks and rules that a call comes into question for, out of the table: what a dry run and the trace of a refused call are made of. */
import { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import type { Env } from '../env.ts';
import { routingTableOf } from './table/routing-table.ts';
import type { CallKeys } from './table/set-for-call.ts';

export interface SetForCall {
  readonly trunks: readonly SIPInboundTrunkInfo[];
  readonly rules: readonly SIPDispatchRuleInfo[];
}

/** null: the revision is not known, or no longer kept. */
export async function readSetForCall(env: Env, call: CallKeys): Promise<SetForCall | null> {
  const set = await routingTableOf(env).setFor(call);
  if (set === null) return null;
  return {
    trunks: set.trunks.map((bytes) => SIPInboundTrunkInfo.fromBinary(bytes)),
    rules: set.rules.map((bytes) => SIPDispatchRuleInfo.fromBinary(bytes)),
  };
}
