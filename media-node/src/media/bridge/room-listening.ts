/**
 * Which of the room's tracks the phone hears. As long as one speaks, its packets go to the phone one by one, with no buffer of ours. As soon as a second one
 * speaks, too, they are mixed on the tick; when one is left for a second, its packets go straight through again. Tracks that are muted or
 * silent (DTX) count as not speaking and cost nothing.
 */
import { isOpusSilence } from '../audio/opus.ts';
import type { PhoneCodec } from '../audio/phone-codec.ts';
import type { EncodedFrame } from '../room/room.ts';
import { Mixer } from './mixer.ts';
import type { RoomToPhone } from './room-to-phone.ts';

/** Without a packet that is more than silence for so long a track does not speak any more, ms. */
const speakingMs = 300;
/** One track alone for so long ends the mix, ms. */
const aloneMs = 1_000;

export class RoomListening {
  /** Tracks that can be heard, with the moment each last spoke, ms on the monotonic clock. */
  readonly #spokeAtMono = new Map<string, number>();
  #output: RoomToPhone | null = null;
  #codec: PhoneCodec | null = null;
  /** The track whose packets go straight through; null: none, or a mix. */
  #direct: string | null = null;
  #mixer: Mixer | null = null;
  /** When two tracks last spoke at one time. */
  #togetherAtMono = 0;

  /** Where the audio goes from now on. */
  setOutput(output: RoomToPhone, codec: PhoneCodec): void {
    this.#output = output;
    this.#codec = codec;
    this.#mixer = null;
    this.#direct = null;
  }

  addTrack(trackId: string): void {
    this.#spokeAtMono.set(trackId, Number.NEGATIVE_INFINITY);
  }

  removeTrack(trackId: string): void {
    this.#spokeAtMono.delete(trackId);
    this.#mixer?.remove(trackId);
    if (this.#direct === trackId) this.#direct = null;
  }

  /** What was sent to the phone meanwhile was not the room's: begin anew. */
  interrupt(): void {
    this.#mixer = null;
    this.#direct = null;
  }

  /** Takes a packet of a track. @returns whether the phone hears it, at once or with the next tick */
  frame(trackId: string, frame: EncodedFrame, now: number): boolean {
    const output = this.#output;
    if (output === null || !this.#spokeAtMono.has(trackId)) return false;
    const isSilence = frame.codec === 'opus' && isOpusSilence(frame.payload);
    if (!isSilence) this.#spokeAtMono.set(trackId, now);
    if (this.#speaking(now) > 1) this.#mix(now);
    if (this.#mixer !== null) {
      this.#mixer.push(trackId, frame, now);
      return true;
    }
    if (this.#direct !== trackId) {
      const isFree = this.#direct === null || !this.#isSpeaking(this.#direct, now);
      if (!isFree || (isSilence && this.#direct !== null)) return false;
      this.#direct = trackId;
      output.switchTrack();
    }
    return output.frame(frame, now);
  }

  /** Every 20 ms. */
  tick(now: number): void {
    const output = this.#output;
    if (output === null) return;
    if (this.#mixer === null) return output.tick(now);
    output.generate(this.#mixer.read());
    if (this.#speaking(now) > 1) this.#togetherAtMono = now;
    else if (now - this.#togetherAtMono > aloneMs) this.interrupt();
  }

  #mix(now: number): void {
    this.#togetherAtMono = now;
    this.#direct = null;
    if (this.#codec !== null) this.#mixer ??= new Mixer(this.#codec.sampleRateHz);
  }

  #speaking(now: number): number {
    let count = 0;
    for (const trackId of this.#spokeAtMono.keys()) if (this.#isSpeaking(trackId, now)) count++;
    return count;
  }

  #isSpeaking(trackId: string, now: number): boolean {
    return now - (this.#spokeAtMono.get(trackId) ?? Number.NEGATIVE_INFINITY) < speakingMs;
  }
}
