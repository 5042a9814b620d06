/**
 * Why a call was decided as it was, told again: the dry run of the call on the table of the revision that decided. Costs the call itself nothing, and holds as long as the revision is
 * kept. null: it is not kept any more, or the table cannot be shown whole and says something else.
 */
import { compileRouting } from '@callgate/shared/routing/compile.ts';
import {
  type CallExplanation,
  explainCall,
} from '@callgate/shared/routing/explain/explain-call.ts';

import { allowsTrunklessCalls, type Env } from '../env.ts';
import { readSetForCall } from '../routing/read-set-for-call.ts';
import type { Attempt } from './attempt.ts';

export async function decisionTrace(
  attempt: Attempt,
  env: Env,
): Promise<CallExplanation['trace'] | null> {
  const { revision, from_user: fromUser, to_user: toUser, call_id: callId } = attempt;
  if (revision === null || revision === 0) return null;
  const set = await readSetForCall(env, { fromUser, toUser, trunkId: null, revision });
  if (set === null) return null;
  const routing = compileRouting({ ...set, allowTrunklessCalls: allowsTrunklessCalls(env) });
  const explained = explainCall({
    routing,
    call: { callId, source: addressOf(attempt.source), fromUser, fromHost: '', toUser },
    pin: { kind: 'none-yet' },
  });
  return (explained.trunk?.id ?? null) === attempt.trunk_id ? explained.trace : null;
}

/** `203.0.113.7:5060/udp`, IPv6 in brackets: the address. */
function addressOf(source: string): string {
  return source.replace(/:\d+\/[a-z]+$/, '').replace(/^\[(.*)\]$/, '$1');
}
