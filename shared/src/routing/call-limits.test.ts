import { Duration } from '@bufbuild/protobuf';
import { SIPInboundTrunkInfo, SIPMediaConfig } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { callLimits } from '../limits.ts';
import { resolveCallLimits } from './call-limits.ts';

const seconds = (value: number) => new Duration({ seconds: BigInt(value) });
const defaults = {
  ringing_timeout_ms: callLimits.ringingDefaultMs,
  max_call_duration_ms: callLimits.durationDefaultMs,
  media_timeout_ms: callLimits.mediaSilenceDefaultMs,
};

describe('resolveCallLimits', () => {
  it('takes what trunk and media say', () => {
    const trunk = new SIPInboundTrunkInfo({
      ringingTimeout: seconds(30),
      maxCallDuration: seconds(600),
    });
    const media = new SIPMediaConfig({ mediaTimeout: seconds(20) });
    expect(resolveCallLimits(trunk, media)).toEqual({
      ringing_timeout_ms: 30_000,
      max_call_duration_ms: 600_000,
      media_timeout_ms: 20_000,
    });
  });

  it.each([
    ['no trunk', null, new SIPMediaConfig()],
    ['nothing set', new SIPInboundTrunkInfo(), new SIPMediaConfig()],
    [
      'zero and negative durations',
      new SIPInboundTrunkInfo({ ringingTimeout: seconds(0), maxCallDuration: seconds(-5) }),
      new SIPMediaConfig({ mediaTimeout: seconds(0) }),
    ],
  ])('takes the defaults for %s', (_, trunk, media) => {
    expect(resolveCallLimits(trunk, media)).toEqual(defaults);
  });

  it('takes the longest for what is longer', () => {
    const trunk = new SIPInboundTrunkInfo({
      ringingTimeout: seconds(3_600),
      maxCallDuration: seconds(1_000_000),
    });
    const media = new SIPMediaConfig({ mediaTimeout: seconds(3_600) });
    expect(resolveCallLimits(trunk, media)).toEqual({
      ringing_timeout_ms: callLimits.ringingMaxMs,
      max_call_duration_ms: callLimits.durationMaxMs,
      media_timeout_ms: callLimits.mediaSilenceMaxMs,
    });
  });
});
