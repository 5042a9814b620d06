/** Sine tones: to be played into a call, and to be found again in what came out of one. Pure. */

/**
 * Adds a sine to `samples`.
 * @param amplitude of int16
 * @param fromSample where in the tone the first sample lies, so that frames join without a click
 */
export function addTone(
  samples: Int16Array,
  tone: {
    readonly frequencyHz: number;
    readonly rateHz: number;
    readonly amplitude: number;
    readonly fromSample: number;
  },
): void {
  const step = (2 * Math.PI * tone.frequencyHz) / tone.rateHz;
  for (let i = 0; i < samples.length; i++) {
    const value = (samples[i] ?? 0) + tone.amplitude * Math.sin(step * (tone.fromSample + i));
    samples[i] = Math.max(-32_768, Math.min(32_767, Math.round(value)));
  }
}

/**
 * How much of the power of `samples` lies in a tone: 1 for the tone alone, about 0 for anything else (Goertzel's algorithm). Loudness plays no
 * part; silence has 0.
 */
export function toneShare(samples: Int16Array, frequencyHz: number, rateHz: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * frequencyHz) / rateHz);
  let [last, before, power] = [0, 0, 0];
  for (const sample of samples) {
    const next = sample + coefficient * last - before;
    before = last;
    last = next;
    power += sample * sample;
  }
  if (power === 0) return 0;
  const inTone = last * last + before * before - coefficient * last * before;
  return inTone / ((power * samples.length) / 2);
}
