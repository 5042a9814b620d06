/** A sound to time audio by: a tenth of a second of tone every two seconds, and between them a hum, so that the first packet can be told from silence. */
import { rms } from '../audio/goertzel.ts';
import { type SampleSource, tone } from '../audio/tone.ts';

const cycleMs = 2_000;
const burstMs = 100;
const frequencyHz = 1_000;
const peak = 16_000;
/** RMS 140: above what a phone takes for silence, far below an onset. */
const humPeak = 200;
/** RMS, int16: a tenth of the burst, far above what codecs leave of silence. */
const onsetRms = 1_000;
/** After an onset nothing is one for this long: the burst itself, and what an echo would be. */
const restMs = 1_000;

/**
 * Bursts without end.
 * @param onBurst called when the frame with the first sample of a burst is made; frames divide the cycle
 */
export function bursts(sampleRateHz: number, onBurst: () => void): SampleSource {
  const cycleSamples = (sampleRateHz * cycleMs) / 1_000;
  const burstSamples = (sampleRateHz * burstMs) / 1_000;
  const hum = tone({ frequencyHz, sampleRateHz, peak: humPeak });
  let source = tone({ frequencyHz, sampleRateHz, peak });
  let at = 0;
  return (into) => {
    if (at === 0) {
      source = tone({ frequencyHz, sampleRateHz, peak });
      onBurst();
    }
    if (at < burstSamples) source(into);
    else hum(into);
    at = (at + into.length) % cycleSamples;
  };
}

/** Tells when a burst begins: the codecs' own delay shows as silence at the start of the frame, so the sample counts, not the frame. */
export class BurstDetector {
  readonly #sampleRateHz: number;
  readonly #onOnset: (atMono: number) => void;
  #restUntil = 0;

  /** @param onOnset told the instant, ms on the monotonic clock, that the first loud sample would be played at */
  constructor(sampleRateHz: number, onOnset: (atMono: number) => void) {
    this.#sampleRateHz = sampleRateHz;
    this.#onOnset = onOnset;
  }

  hear(samples: Int16Array): void {
    const now = performance.now();
    if (now < this.#restUntil || rms(samples) < onsetRms) return;
    this.#restUntil = now + restMs;
    const first = samples.findIndex((sample) => Math.abs(sample) > onsetRms);
    this.#onOnset(now + (first * 1_000) / this.#sampleRateHz);
  }
}
