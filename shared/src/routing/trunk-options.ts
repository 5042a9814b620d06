/**
 * Callgate's own options of a trunk. LiveKit's messages have no field for them, and its clients must go on working unchanged: they stand in `metadata` of the trunk, a JSON
 * object, under the name `callgate`: `{"callgate": {"max_calls": 30}}`. Whatever else the metadata holds is the operator's and stays as it is. The one place that knows the
 * options; a new one is a member here and a row in docs/routing.md.
 */
import * as z from 'zod';
import { callSounds } from '../contract/call-sounds.ts';
import { capLimits } from '../limits.ts';
import { type Fault, fault } from '../livekit-api/fault.ts';

/** Digest algorithms (RFC 8760) that a challenge may offer, strongest first. */
export const digestAlgorithmNames = ['SHA-256', 'MD5'] as const;

const isDistinct = (names: readonly string[]) => new Set(names).size === names.length;

const trunkOptions = z.strictObject({
  /** Calls of the trunk at one time, over all nodes. */
  max_calls: z.int().min(0).max(capLimits.callsMax).optional(),
  /** New calls in a second, over all nodes; below 1: one in so many seconds. */
  calls_per_second: z.number().min(capLimits.perSecondMin).max(capLimits.perSecondMax).optional(),
  /** New calls at once after a silence; without it as many as in a second, and at least one. */
  calls_burst: z.int().min(1).max(capLimits.callsMax).optional(),
  /** What its callers are challenged with, in this order, whatever the deployment offers: old phones and trunks know MD5 alone. */
  digest_algorithms: z
    .array(z.enum(digestAlgorithmNames))
    .min(1)
    .refine(isDistinct, 'names one twice')
    .optional(),
  /** Prompts, ringback and early media of its callers; rules may choose others (call-sounds.ts). */
  ...callSounds.shape,
});

export type TrunkOptions = z.infer<typeof trunkOptions>;

const none: TrunkOptions = {};
const name = 'callgate';

/** The options in the metadata of a stored trunk; none when it has none, or none that can be read. */
export function trunkOptionsOf(metadata: string): TrunkOptions {
  const member = memberOf(metadata);
  return member === undefined ? none : (trunkOptions.safeParse(member).data ?? none);
}

/** What is wrong with the options in the metadata of a trunk; null: nothing, or it has none. */
export function trunkOptionsFault(metadata: string): Fault | null {
  const member = memberOf(metadata);
  if (member === undefined) return null;
  const reading = trunkOptions.safeParse(member);
  if (reading.success) return burstFault(reading.data);
  const [issue] = reading.error.issues;
  if (issue === undefined) return null;
  if (issue.code === 'unrecognized_keys') {
    const field = path([...issue.path, issue.keys[0]?.slice(0, 64) ?? '']);
    return fault(field, `${field}: there is no such option`);
  }
  const field = path(issue.path);
  return fault(field, `${field}: ${issue.message}`);
}

function burstFault({ calls_burst, calls_per_second }: TrunkOptions): Fault | null {
  if (calls_burst === undefined || calls_per_second !== undefined) return null;
  const field = path(['calls_burst']);
  return fault(field, `${field} needs calls_per_second beside it`);
}

function path(parts: readonly PropertyKey[]): string {
  return ['metadata', name, ...parts.map(String)].join('.');
}

/** The member `callgate`; undefined: the metadata is something else, which is nobody's fault. */
function memberOf(metadata: string): unknown {
  // Nearly all trunks end here.
  if (!metadata.includes(`"${name}"`)) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(metadata);
  } catch {
    // Metadata may be any text.
    return undefined;
  }
  return typeof json === 'object' && json !== null && Object.hasOwn(json, name)
    ? (json as { readonly [name]: unknown })[name]
    : undefined;
}
