/** WAV files with 16 bit PCM: written mono for what was heard, read in any number of channels, of which the first counts. */
import { readFile, writeFile } from 'node:fs/promises';

export interface Sound {
  readonly sampleRateHz: number;
  /** Mono, int16. */
  readonly samples: Int16Array;
}

const headerBytes = 44;

/** The bytes of a WAV file: RIFF, one `fmt ` chunk, one `data` chunk. */
export function wavBytes({ sampleRateHz, samples }: Sound): Buffer {
  const dataBytes = samples.length * 2;
  const bytes = Buffer.alloc(headerBytes + dataBytes);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(headerBytes - 8 + dataBytes, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20); // PCM
  bytes.writeUInt16LE(1, 22); // channels
  bytes.writeUInt32LE(sampleRateHz, 24);
  bytes.writeUInt32LE(sampleRateHz * 2, 28); // bytes a second
  bytes.writeUInt16LE(2, 32); // bytes a sample
  bytes.writeUInt16LE(16, 34); // bits a sample
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(dataBytes, 40);
  for (const [index, sample] of samples.entries())
    bytes.writeInt16LE(sample, headerBytes + 2 * index);
  return bytes;
}

/** Reads a WAV file. @throws Error that says what was expected when it is another kind of file. */
export function readWavBytes(bytes: Buffer): Sound {
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE')
    throw new Error('not a WAV file; expected RIFF and WAVE at its start');
  let sampleRateHz = 0;
  let channels = 1;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = bytes.toString('latin1', at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    const body = bytes.subarray(at + 8, at + 8 + size);
    if (name === 'fmt ') {
      const [format, bits] = [body.readUInt16LE(0), body.readUInt16LE(14)];
      channels = Math.max(1, body.readUInt16LE(2));
      if (format !== 1 || bits !== 16)
        throw new Error(`WAV of format ${format}, ${bits} bits; expected PCM (1), 16 bits`);
      sampleRateHz = body.readUInt32LE(4);
    }
    if (name === 'data' && sampleRateHz > 0) {
      const step = 2 * channels;
      const samples = Int16Array.from({ length: Math.floor(body.length / step) }, (_, i) =>
        body.readInt16LE(step * i),
      );
      return { sampleRateHz, samples };
    }
    // Chunks are padded to an even length.
    at += 8 + size + (size % 2);
  }
  throw new Error('WAV file without sound; expected a fmt and a data chunk');
}

export async function writeWav(file: string, sound: Sound): Promise<void> {
  await writeFile(file, wavBytes(sound));
}

/** @throws Error when the file cannot be read or is of another kind. */
export async function readWav(file: string): Promise<Sound> {
  return readWavBytes(await readFile(file));
}
