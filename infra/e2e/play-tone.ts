/** Lets a room client of ours speak: a tone in Opus, in real time. */
import { OpusEncoder } from '@callgate/media-node/src/media/audio/opus-encoder.ts';
import { addTone } from '@callgate/media-node/src/media/audio/tone.ts';
import type { Room } from '@callgate/media-node/src/media/room/room.ts';

const rateHz = 48_000;
const frameSamples = rateHz / 50;

/** @returns stops it */
export function playTone(room: Room, frequencyHz: number): () => void {
  const encoder = new OpusEncoder(rateHz);
  const startedAt = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    for (const due = (performance.now() - startedAt) / 20; sent < due; sent++) {
      const samples = new Int16Array(frameSamples);
      const fromSample = sent * frameSamples;
      addTone(samples, { frequencyHz, rateHz, amplitude: 8_000, fromSample });
      const frame = {
        codec: 'opus' as const,
        ssrc: 0,
        payload: encoder.encode(samples),
        timestamp: fromSample,
        sequence: sent & 0xffff,
        marker: sent === 0,
      };
      room.send(frame, -18);
    }
  }, 5);
  return () => clearInterval(timer);
}
