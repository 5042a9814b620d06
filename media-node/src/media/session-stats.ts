/** What a call's record says of its media. Pure. */
import type { MediaStats, PhoneCodecName } from './media-session.ts';
import type { PhoneLeg } from './phone-leg.ts';
import { estimateMos } from './rtp/quality.ts';

/** @param codec last agreed on @returns null: nothing was agreed on */
export function sessionStats(codec: PhoneCodecName, phone: PhoneLeg): MediaStats | null {
  const { reception, discarded, packetsSent, reporting } = phone;
  if (reception === null) return null;
  const { roundTripMs } = reporting;
  return {
    codec,
    packetsReceived: reception.received,
    packetsSent,
    packetsLost: reception.lost,
    packetsForeign: discarded.foreign,
    jitterMs: Math.round(reception.jitterMs * 10) / 10,
    packetsLostAtPhone: reporting.remoteLoss.packets,
    roundTripMs: roundTripMs === null ? null : Math.round(roundTripMs),
    mos:
      reception.received === 0
        ? null
        : estimateMos({
            codec,
            lossFraction: reception.lost / Math.max(1, reception.expected),
            jitterMs: reception.jitterMs,
            roundTripMs,
          }),
  };
}
