/**
 * How long each stage of a call may take, once defaults and bounds are put in: what trunk and rule leave
 * open, and what they set beyond the bounds of limits.ts.
 */
import type { SIPInboundTrunkInfo, SIPMediaConfig } from '@livekit/protocol';
import type { DecisionLimits } from '../contract/decision.ts';
import { callLimits } from '../limits.ts';
import { durationMs } from './duration.ts';

/**
 * @param trunk null: no trunk took the call, all defaults hold
 * @param media merged media of the call
 */
export function resolveCallLimits(
  trunk: Pick<SIPInboundTrunkInfo, 'ringingTimeout' | 'maxCallDuration'> | null,
  media: SIPMediaConfig,
): DecisionLimits {
  return {
    ringing_timeout_ms: withinOr(
      durationMs(trunk?.ringingTimeout),
      callLimits.ringingMaxMs,
      callLimits.ringingDefaultMs,
    ),
    // A duration beyond the longest is the longest; that is the default, too.
    max_call_duration_ms: withinOr(
      durationMs(trunk?.maxCallDuration),
      callLimits.durationMaxMs,
      callLimits.durationDefaultMs,
    ),
    media_timeout_ms: withinOr(
      durationMs(media.mediaTimeout),
      callLimits.mediaSilenceMaxMs,
      callLimits.mediaSilenceDefaultMs,
    ),
  };
}

function withinOr(value: number | null, max: number, fallback: number): number {
  return value === null || value <= 0 ? fallback : Math.min(value, max);
}
