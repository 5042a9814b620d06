/** A remote track of the SDK as frames of the room port: decoded by the SDK, numbered by us. */
import { type AudioFrame, AudioStream, type RemoteTrack } from '@livekit/rtc-node';
import type { Clock } from '../../../clock.ts';
import type { EncodedFrame } from '../room.ts';

/** Of samples in both directions, Hz. */
export const roomSampleRateHz = 48_000;

const frameSizeMs = 20;

/** Without a frame for so long the track paused, and its time went on, ms. */
const pauseMs = 200;

export class SampleReader {
  readonly #reader: ReadableStreamDefaultReader<AudioFrame>;
  readonly #onFrame: (frame: EncodedFrame) => void;
  readonly #clock: Clock;
  #isClosed = false;
  #sequence = 0;
  #timestamp = 0;
  #readAtMono: number;

  constructor(track: RemoteTrack, onFrame: (frame: EncodedFrame) => void, clock: Clock) {
    this.#clock = clock;
    this.#readAtMono = clock.nowMono();
    const options = { sampleRate: roomSampleRateHz, numChannels: 1, frameSizeMs };
    this.#reader = new AudioStream(track, options).getReader();
    this.#onFrame = onFrame;
    void this.#read();
  }

  /** No frame follows. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // It may have ended by itself.
    this.#reader.cancel().catch(() => {});
  }

  async #read(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done || this.#isClosed) return;
      const { data } = value;
      const now = this.#clock.nowMono();
      const pausedMs = now - this.#readAtMono;
      this.#readAtMono = now;
      if (pausedMs > pauseMs)
        this.#timestamp = (this.#timestamp + pausedMs * (roomSampleRateHz / 1_000)) >>> 0;
      this.#onFrame({
        codec: 'L16',
        ssrc: 0,
        payload: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
        timestamp: this.#timestamp,
        sequence: this.#sequence,
        marker: false,
      });
      this.#sequence = (this.#sequence + 1) & 0xffff;
      this.#timestamp = (this.#timestamp + data.length) >>> 0;
    }
  }
}
