/**
 * The dry run: what would become of a call, and why. Verdict and trace come from the functions that decide live calls (shared/routing); what is not live is
 * only where trunks and rules come from.
 */
import type { JsonValue } from '@bufbuild/protobuf';
import { outcomes } from '@callgate/shared/call/outcome.ts';
import { type CompiledRouting, compileRouting } from '@callgate/shared/routing/compile.ts';
import { listConflicts } from '@callgate/shared/routing/conflicts.ts';
import { digestRealm } from '@callgate/shared/routing/digest-realm.ts';
import { type Evaluation, evaluateRule } from '@callgate/shared/routing/evaluate-rule.ts';
import { evaluationToJson } from '@callgate/shared/routing/evaluation-json.ts';
import {
  type CallExplanation,
  explainCall,
} from '@callgate/shared/routing/explain/explain-call.ts';
import { findTrunk } from '@callgate/shared/routing/find-trunk.ts';
import { participantAttributes } from '@callgate/shared/sip/participant-attributes.ts';
import { type SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import { randomText } from '../rooms/random-text.ts';
import { callOf, headersOf, pinAnswerOf, type SimulationRequest } from './simulation-request.ts';

export interface SimulationSet {
  readonly trunks: readonly SIPInboundTrunkInfo[];
  readonly rules: readonly SIPDispatchRuleInfo[];
  readonly allowTrunklessCalls: boolean;
}

/** The answer of the dry run as JSON. */
export function simulate(request: SimulationRequest, set: SimulationSet): Record<string, unknown> {
  const routing = compileRouting(set);
  const call = callOf(request);
  const pin = pinAnswerOf(request);
  const trunkId = request.trunk_id;
  const explained = explainCall({
    routing,
    call,
    pin,
    ...(trunkId === undefined ? {} : { trunkId }),
  });
  const found = trunkId === undefined ? findTrunk(routing, call) : null;
  return {
    outcome: explained.outcome,
    reason: explained.reason,
    sip_status: explained.reason === null ? 200 : outcomes[explained.reason].sipStatus,
    explanation: explained.explanation,
    trunk: trunkId === undefined ? (explained.trunk?.id ?? null) : trunkId,
    match_type: found?.kind === 'trunk' ? found.matchType : null,
    rule: explained.rule?.id ?? null,
    set_valid: listConflicts(routing).length === 0,
    skipped: routing.skippedRuleIds,
    ...evaluationOf(request, routing, explained),
    trace: explained.trace,
  };
}

function evaluationOf(
  request: SimulationRequest,
  routing: CompiledRouting,
  { outcome, trunk, rule }: CallExplanation,
): { evaluation?: Record<string, JsonValue> } {
  if (rule === null || (outcome !== 'accept' && outcome !== 'request-pin')) return {};
  const info = trunk?.info ?? namedTrunk(request.trunk_id ?? null, routing);
  const evaluation = evaluateRule({
    trunk: info,
    rule,
    call: callOf(request),
    pin: pinAnswerOf(request),
    extraAttributes: new Map(Object.entries(request.extra_attributes ?? {})),
    roomSuffix: randomText(),
  });
  const realm = info === null ? null : digestRealm(info);
  return {
    evaluation: {
      ...evaluationToJson(evaluation),
      ...attributesWithHeaders(request, evaluation),
      digest: realm === null ? { challenge: false } : { challenge: true, realm },
    },
  };
}

/** The trunk that the request starts with; of one that is not in the set only the id is known. */
function namedTrunk(id: string | null, routing: CompiledRouting): SIPInboundTrunkInfo | null {
  if (id === null) return null;
  const known = routing.trunks.find((trunk) => trunk.id === id);
  return known?.info ?? new SIPInboundTrunkInfo({ sipTrunkId: id });
}

/** With headers, the attributes that they add; what only the call itself can tell (tag, status) is left out. */
function attributesWithHeaders(
  request: SimulationRequest,
  evaluation: Evaluation,
): Record<string, JsonValue> {
  const inviteHeaders = headersOf(request);
  if (inviteHeaders === null || evaluation.kind !== 'accept') return {};
  const { attributes } = participantAttributes({
    ...evaluation,
    inviteHeaders,
    sipCallId: '',
    fromTag: '',
    callStatus: 'ringing',
  });
  const ofSet = [...attributes].filter(([name]) => name !== 'sip.callStatus');
  return { participant_attributes: Object.fromEntries(ofSet) };
}
