/** What `POST /v1/routing/simulate` takes: a call, and what it is to be held against. Names as in the conformance vectors. */
import type { PinAnswer } from '@callgate/shared/routing/compiled-rule.ts';
import type { RoutedCall } from '@callgate/shared/routing/routed-call.ts';
import type { SipHeader } from '@callgate/shared/sip/participant-attributes.ts';
import * as z from 'zod';

const text = z.string().max(1_024).default('');
const json = z.array(z.json());

const headers = z.union([
  z.array(z.strictObject({ name: z.string().max(1_024), value: z.string().max(1_024) })).max(64),
  z.record(z.string().max(1_024), z.string().max(1_024)),
]);

export const simulationRequest = z.strictObject({
  call: z.strictObject({
    from_user: text,
    from_host: text,
    to_user: text,
    /** Address of the sender, without port. */
    source: text,
    call_id: text,
    headers: headers.optional(),
    /** User of the Request-URI; it plays no part. */
    request_user: text,
  }),
  /** The PIN that the caller has keyed in. */
  pin: z.string().max(1_024).optional(),
  /** The caller has pressed # alone. */
  no_pin: z.boolean().optional(),
  /** Used instead of what is stored, each for itself; proto JSON. */
  trunks: json.optional(),
  legacy_trunks: json.optional(),
  rules: json.optional(),
  /** Instead of the setting of the deployment. */
  allow_trunkless_calls: z.boolean().optional(),
  /** Start behind the trunk step, with this trunk or with none (null). */
  trunk_id: z.string().max(1_024).nullable().optional(),
  /** As a provider's headers would give them. */
  extra_attributes: z.record(z.string(), z.string()).optional(),
  /** Hold the call against the table as it was. */
  revision: z.int().min(1).optional(),
});

export type SimulationRequest = z.infer<typeof simulationRequest>;

export function callOf({ call }: SimulationRequest): RoutedCall {
  return {
    callId: call.call_id,
    source: call.source,
    fromUser: call.from_user,
    fromHost: call.from_host,
    toUser: call.to_user,
  };
}

export function pinAnswerOf({ pin, no_pin }: SimulationRequest): PinAnswer {
  if (no_pin === true) return { kind: 'no-pin' };
  return pin === undefined ? { kind: 'none-yet' } : { kind: 'pin', digits: pin };
}

/** null: the request says nothing of headers. */
export function headersOf({ call }: SimulationRequest): readonly SipHeader[] | null {
  if (call.headers === undefined) return null;
  if (Array.isArray(call.headers)) return call.headers;
  return Object.entries(call.headers).map(([name, value]) => ({ name, value }));
}
