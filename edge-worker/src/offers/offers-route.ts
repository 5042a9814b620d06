/** A media node asks what to do with an INVITE (`POST /v1/offers`), and with the digits of a PIN (`POST /v1/offers/{call_id}/pin`). */
import { callId, type Offer, offer as offerSchema } from '@callgate/shared/contract/offer.ts';
import { pinAnswer } from '@callgate/shared/contract/pin.ts';
import { processHeader, readProcess } from '@callgate/shared/contract/process.ts';
import { readTraceparent, traceparentHeader } from '@callgate/shared/contract/traceparent.ts';
import { sourceText } from '@callgate/shared/sip/source-text.ts';
import { Hono } from 'hono';
import type { Clock } from '../clock.ts';
import type { Env } from '../env.ts';
import { checkShape, readJson } from '../http/read-body.ts';
import { type Asker, type CallFacts, noteLiveCall } from '../live/note-live-call.ts';
import { requireContract } from '../nodes/require-contract.ts';
import type { RoutingReader } from '../routing/read/routing-reader.ts';
import { requireNode } from '../trust/node-token.ts';
import { decideOffer } from './decide-offer.ts';
import { decidePin } from './decide-pin.ts';
import { decideAndLog, factsOf } from './decision-line.ts';
import { RefusalKeeper } from './refusal-keeper.ts';
import { routedCall } from './routed-call.ts';

const noneYet = { kind: 'none-yet' } as const;

export function offersRoute(parts: { clock: Clock; reader: RoutingReader }) {
  const refusals = new RefusalKeeper(parts.clock);
  return new Hono<{ Bindings: Env }>()
    .post('/', async (c) => {
      const node = await requireNode(c.req.raw, c.env);
      const body = await readJson(c.req.raw);
      requireContract(body);
      const offer = checkShape(offerSchema, body);
      const after = (work: Promise<void>) => c.executionCtx.waitUntil(work);
      const { decision } = await decideAndLog(
        { request: c.req.raw, env: c.env, after, node, callId: offer.call_id },
        factsOf(offer),
        parts.clock.now,
        () => decideOffer(node, offer, { env: c.env, ...parts }),
        ({ decision: made }) =>
          made.kind === 'refuse' || made.kind === 'drop'
            ? refusals.keep(c.env, { node, call: routedCall(offer), pin: noneYet, decision: made })
            : null,
      );
      if (decision.kind === 'join' || decision.kind === 'ask-pin')
        c.executionCtx.waitUntil(
          noteLiveCall(
            c.env,
            node,
            { ...callFacts(offer), ...askerOf(c.req.raw) },
            decision,
            parts.clock.now(),
          ),
        );
      return c.json(decision);
    })
    .post('/:id/pin', async (c) => {
      const node = await requireNode(c.req.raw, c.env);
      const body = await readJson(c.req.raw);
      requireContract(body);
      const id = checkShape(callId, c.req.param('id'), 'id');
      const answer = checkShape(pinAnswer, body);
      const after = (work: Promise<void>) => c.executionCtx.waitUntil(work);
      const { decision, facts } = await decideAndLog(
        { request: c.req.raw, env: c.env, after, node, callId: id },
        { digits: answer.digits.length },
        parts.clock.now,
        () => decidePin(id, answer, { env: c.env, ...parts }),
        ({ decision: made, call, pin }) =>
          made.kind === 'refuse' ? refusals.keep(c.env, { node, call, pin, decision: made }) : null,
      );
      if (decision.kind === 'join')
        c.executionCtx.waitUntil(
          noteLiveCall(
            c.env,
            node,
            { ...facts, ...askerOf(c.req.raw) },
            decision,
            parts.clock.now(),
          ),
        );
      return c.json(decision);
    });
}

function askerOf({ headers }: Request): Asker {
  return {
    traceId: readTraceparent(headers.get(traceparentHeader))?.traceId ?? null,
    process: readProcess(headers.get(processHeader)),
  };
}

function callFacts(offer: Offer): CallFacts {
  return {
    callId: offer.call_id,
    sequence: offer.sequence,
    sipCallId: offer.sip_call_id,
    fromUser: offer.from.user,
    toUser: offer.to.user,
    source: sourceText(offer.source),
  };
}
