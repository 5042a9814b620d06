/** WAV files of prompts: PCM, 16 bit, mono. Operators bring their own, so every fault is named. Pure. */

export interface Wav {
  readonly rateHz: number;
  readonly samples: Int16Array;
}

/** A minute at 48 kHz: a prompt that is longer was not meant to be one. */
const samplesMax = 60 * 48_000;
/** Of a file, with room for chunks that say who made it. */
export const wavBytesMax = 2 * samplesMax + 1_048_576;

/** Format tags: PCM, and the one whose subformat says what it is. */
const [pcm, extensible] = [1, 0xfffe];
/** Where the subformat lies in an extensible fmt chunk, and the bytes of that. */
const [subformatAt, extensibleBytes] = [24, 40];

/** @throws RangeError that says what the file has and what was expected */
export function readWav(bytes: Buffer): Wav {
  if (
    bytes.length < 12 ||
    bytes.toString('latin1', 0, 4) !== 'RIFF' ||
    bytes.toString('latin1', 8, 12) !== 'WAVE'
  )
    throw new RangeError('not a WAV file: expected RIFF and WAVE at its start');
  let rateHz: number | null = null;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = bytes.toString('latin1', at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    const start = at + 8;
    if (id === 'fmt ' && size >= 16 && start + 16 <= bytes.length)
      rateHz = readFormat(bytes.subarray(start, start + size));
    if (id === 'data') {
      if (rateHz === null) throw new RangeError('the data chunk comes before the fmt chunk');
      return { rateHz, samples: readSamples(bytes.subarray(start, start + size)) };
    }
    // Chunks begin at even offsets.
    at = start + size + (size % 2);
  }
  throw new RangeError('no data chunk');
}

function readFormat(chunk: Buffer): number {
  const [tag, channels] = [chunk.readUInt16LE(0), chunk.readUInt16LE(2)];
  const [rateHz, bits] = [chunk.readUInt32LE(4), chunk.readUInt16LE(14)];
  const isExtensible = tag === extensible && chunk.length >= extensibleBytes;
  const format = isExtensible ? chunk.readUInt16LE(subformatAt) : tag;
  if (format !== pcm || bits !== 16)
    throw new RangeError(`format ${format} with ${bits} bits; expected PCM (1) with 16`);
  if (channels !== 1) throw new RangeError(`${channels} channels; expected 1`);
  if (rateHz < 8_000 || rateHz > 48_000)
    throw new RangeError(`${rateHz} samples a second; expected 8000 to 48000`);
  return rateHz;
}

function readSamples(data: Buffer): Int16Array {
  const count = Math.floor(data.length / 2);
  if (count === 0) throw new RangeError('no samples');
  if (count > samplesMax) throw new RangeError(`${count} samples; expected ${samplesMax} at most`);
  return Int16Array.from({ length: count }, (_, i) => data.readInt16LE(2 * i));
}

/** A WAV file of 16 bit mono samples. */
export function writeWav({ rateHz, samples }: Wav): Buffer {
  const bytes = Buffer.alloc(44 + 2 * samples.length);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(36 + 2 * samples.length, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rateHz, 24);
  bytes.writeUInt32LE(2 * rateHz, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(2 * samples.length, 40);
  for (const [i, sample] of samples.entries()) bytes.writeInt16LE(sample, 44 + 2 * i);
  return bytes;
}
