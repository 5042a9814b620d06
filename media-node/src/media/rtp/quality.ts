/**
 * How good a call probably sounded, as a mean opinion score from network figures: the E-model of ITU-T G.107 in the short form of its planning
 * guidance. An estimate to compare calls by, not a measurement. Pure.
 */
import type { PhoneCodecName } from '../media-session.ts';

/** Equipment impairment and robustness against loss (ITU-T G.113 appendix I), with concealment at the listener. */
const impairments: Readonly<Record<PhoneCodecName, { readonly ie: number; readonly bpl: number }>> =
  {
    PCMU: { ie: 0, bpl: 25.1 },
    PCMA: { ie: 0, bpl: 25.1 },
    G722: { ie: 0, bpl: 25.1 },
    opus: { ie: 0, bpl: 30 },
  };

/** @returns 1 (bad) to 4.4 (as good as telephony gets), two decimals */
export function estimateMos(figures: {
  readonly codec: PhoneCodecName;
  /** 0 to 1. */
  readonly lossFraction: number;
  readonly jitterMs: number;
  /** null: taken for none. */
  readonly roundTripMs: number | null;
}): number {
  const { codec, lossFraction, jitterMs, roundTripMs } = figures;
  // A jitter buffer holds about twice the jitter; a packet lasts 20 ms.
  const delayMs = (roundTripMs ?? 0) / 2 + 2 * jitterMs + 20;
  const delayImpairment = 0.024 * delayMs + (delayMs > 177.3 ? 0.11 * (delayMs - 177.3) : 0);
  const { ie, bpl } = impairments[codec];
  const lossPercent = 100 * Math.max(0, Math.min(1, lossFraction));
  const lossImpairment = ie + ((95 - ie) * lossPercent) / (lossPercent + bpl);
  const r = Math.max(0, Math.min(100, 93.2 - delayImpairment - lossImpairment));
  const mos = 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
  return Math.round(Math.max(1, mos) * 100) / 100;
}
