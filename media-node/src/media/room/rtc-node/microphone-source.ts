/** Our track in the SDK: takes samples as they come and keeps at most a moment of them. */
import { AudioFrame, AudioSource } from '@livekit/rtc-node';
import { roomSampleRateHz } from './sample-reader.ts';

/** Samples that wait to be coded, ms: enough for a phone's jitter; what a fast clock piles up beyond is dropped. */
const queueMs = 200;

export class MicrophoneSource {
  readonly source = new AudioSource(roomSampleRateHz, 1, queueMs);
  #isClosed = false;

  /** @param payload int16 little-endian mono samples at roomSampleRateHz; copied */
  play(payload: Uint8Array): void {
    const count = payload.length >> 1;
    if (this.#isClosed || count === 0) return;
    if (this.source.queuedDuration + (1_000 * count) / roomSampleRateHz > queueMs) return;
    const samples = new Int16Array(count);
    new Uint8Array(samples.buffer).set(payload.subarray(0, 2 * count));
    this.source
      .captureFrame(new AudioFrame(samples, roomSampleRateHz, 1, count))
      // The source is closed while it waits when the room is left.
      .catch(() => {});
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.source.close();
  }
}
