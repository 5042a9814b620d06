/** `POST /v1/routing/simulate`, for operators: the dry run of a call against the stored table, an old revision, or a set of its own. */
import type { JsonValue, Message, MessageType } from '@bufbuild/protobuf';
import { edgeLimits } from '@callgate/shared/limits.ts';
import { inboundFromLegacy } from '@callgate/shared/livekit-api/legacy-trunk.ts';
import { SIPDispatchRuleInfo, SIPInboundTrunkInfo, SIPTrunkInfo } from '@livekit/protocol';
import { Hono } from 'hono';
import { allowsTrunklessCalls, type Env } from '../env.ts';
import { Problem, type ProblemItem } from '../http/problem.ts';
import { checkShape, readJson } from '../http/read-body.ts';
import { readSetForCall, type SetForCall } from '../routing/read-set-for-call.ts';
import { readMessage, throwIfWrong } from '../routing/routing-document.ts';
import { requireSipAdmin } from '../trust/api-token.ts';
import { type SimulationSet, simulate } from './simulate.ts';
import { type SimulationRequest, simulationRequest } from './simulation-request.ts';

export const simulationRoute = new Hono<{ Bindings: Env }>().post('/', async (c) => {
  await requireSipAdmin(c.req.raw, c.env);
  const body = await readJson(c.req.raw, edgeLimits.routingBodyBytesMax);
  const request = checkShape(simulationRequest, body);
  return c.json(simulate(request, await setOf(request, c.env)));
});

async function setOf(request: SimulationRequest, env: Env): Promise<SimulationSet> {
  const errors: ProblemItem[] = [];
  const { trunks, legacy_trunks: legacy, rules } = request;
  const ownTrunks =
    trunks === undefined && legacy === undefined
      ? null
      : [
          ...readAll(SIPInboundTrunkInfo, 'trunks', trunks, errors),
          ...readAll(SIPTrunkInfo, 'legacy_trunks', legacy, errors).map(inboundFromLegacy),
        ];
  const ownRules =
    rules === undefined ? null : readAll(SIPDispatchRuleInfo, 'rules', rules, errors);
  throwIfWrong(errors);
  const isOwn = ownTrunks !== null && ownRules !== null;
  const stored = isOwn ? { trunks: [], rules: [] } : await storedSet(request, env);
  return {
    trunks: ownTrunks ?? stored.trunks,
    rules: ownRules ?? stored.rules,
    allowTrunklessCalls: request.allow_trunkless_calls ?? allowsTrunklessCalls(env),
  };
}

async function storedSet(request: SimulationRequest, env: Env): Promise<SetForCall> {
  const set = await readSetForCall(env, {
    toUser: request.call.to_user,
    fromUser: request.call.from_user,
    trunkId: request.trunk_id ?? null,
    revision: request.revision ?? null,
  });
  if (set === null) throw new Problem('not-found', 'revision: not known, or no longer kept');
  return set;
}

function readAll<T extends Message<T>>(
  type: MessageType<T>,
  field: string,
  members: readonly JsonValue[] | undefined,
  errors: ProblemItem[],
): T[] {
  return (members ?? []).flatMap((json, index) =>
    readMessage(type, `${field}.${index}`, json, errors),
  );
}
