/** The audio level of a frame in dBov (RFC 6464 §3): its power against that of a full-scale square wave. Pure. */

/** What RFC 6464 uses for digital silence. */
export const silenceDbov = -127;

/** @param samples int16, any rate and length @returns 0 (overload) to -127 (silence), whole decibels */
export function levelDbov(samples: Int16Array): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] ?? 0;
    sum += sample * sample;
  }
  if (sum === 0) return silenceDbov;
  const level = 10 * Math.log10(sum / samples.length / (32_768 * 32_768));
  return Math.max(silenceDbov, Math.min(0, Math.round(level) + 0));
}
