/**
 * Whether the media of a trunk or rule may be stored. Codecs that nobody knows are accepted, as by LiveKit:
 * they are left out when an offer is answered.
 */
import type { Duration } from '@bufbuild/protobuf';
import type { SIPMediaConfig } from '@livekit/protocol';
import { type Fault, fault } from './fault.ts';

/** 10 minutes, in ns. */
const mediaTimeoutMaxNs = 600_000_000_000n;

/** null: the media are fine, or there are none. */
export function mediaFault(media: SIPMediaConfig | undefined): Fault | null {
  if (media === undefined) return null;
  for (const [at, { name }] of media.codecs.entries()) {
    const msg = codecNameFault(name);
    if (msg !== null) return fault(`media.codecs[${at}].name`, msg);
  }
  const msg = media.mediaTimeout === undefined ? null : timeoutFault(media.mediaTimeout);
  return msg === null ? null : fault('media.media_timeout', msg);
}

function codecNameFault(name: string): string | null {
  if (name === '') return 'missing codec name';
  if (/[ \t\n\r]/.test(name)) return 'invalid codec name';
  if (name.includes('/')) return "codec name must not contain '/'";
  return null;
}

/** 0 means: the default. */
function timeoutFault(timeout: Duration): string | null {
  const ns = timeout.seconds * 1_000_000_000n + BigInt(timeout.nanos);
  if (ns < 0n) return 'media_timeout must not be negative';
  if (ns > mediaTimeoutMaxNs) return 'media_timeout must not exceed 10m0s';
  return null;
}
