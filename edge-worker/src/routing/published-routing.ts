/**
 * Routing as it lies in KV: trunks without their passwords, rules, and the digest credentials beside them. Written by RoutingTable alone,
 * read on the call path.
 */

import type { JsonValue } from '@bufbuild/protobuf';
import { type CompiledRouting, compileRouting } from '@callgate/shared/routing/compile.ts';
import { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import type { DigestCredential } from '../trust/digest/digest-algorithms.ts';

/** The one key of the routing that is in force. */
export const publishedKey = 'routing';

export interface PublishedRouting {
  readonly revision: number;
  readonly trunks: readonly JsonValue[];
  readonly rules: readonly JsonValue[];
  /** By trunk id; trunks without credentials are absent. */
  readonly credentials: readonly (readonly [string, DigestCredential])[];
}

/** Routing ready to decide with. */
export interface LiveRouting {
  readonly revision: number;
  readonly routing: CompiledRouting;
  readonly credentials: ReadonlyMap<string, DigestCredential>;
}

/** Decodes and compiles once what many decisions read. */
export function openRouting(
  published: PublishedRouting,
  allowTrunklessCalls: boolean,
): LiveRouting {
  const reading = { ignoreUnknownFields: true };
  return {
    revision: published.revision,
    routing: compileRouting({
      trunks: published.trunks.map((trunk) => SIPInboundTrunkInfo.fromJson(trunk, reading)),
      rules: published.rules.map((rule) => SIPDispatchRuleInfo.fromJson(rule, reading)),
      allowTrunklessCalls,
    }),
    credentials: new Map(published.credentials),
  };
}
