/** A tone that is encoded once and said again and again: what many rooms of a drill hear, for next to no processor time. */
import { tone } from '../audio/tone.ts';
import { encoded, type OpusSource } from '../bench/room-listener.ts';
import { agentToneHz } from '../e2e/phone-calls.ts';
import { phoneRateHz } from '../phone/rtp-stream.ts';

const packetsPerSecond = 50;

/** A second of the agents' tone, in packets of 20 ms. */
export function secondOfTone(): Uint8Array[] {
  const source = encoded(tone({ frequencyHz: agentToneHz, sampleRateHz: phoneRateHz }));
  return Array.from({ length: packetsPerSecond }, () => Uint8Array.from(source()));
}

/** Says these packets, over and over. */
export function loop(packets: readonly Uint8Array[]): OpusSource {
  let next = 0;
  return () => {
    const packet = packets[next % packets.length] ?? new Uint8Array();
    next += 1;
    return packet;
  };
}
