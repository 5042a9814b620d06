import { describe, expect, it } from 'vitest';
import { readWavBytes, wavBytes } from './wav.ts';

describe('WAV', () => {
  const sound = { sampleRateHz: 8_000, samples: Int16Array.of(0, 1, -1, 32_767, -32_768) };

  it('reads what it has written', () => {
    expect(readWavBytes(wavBytes(sound))).toEqual(sound);
  });

  it('passes over chunks it does not know, padded to even length', () => {
    const plain = wavBytes(sound);
    const extra = Buffer.from('LIST\x03\0\0\0abc\0', 'latin1');
    const bytes = Buffer.concat([plain.subarray(0, 36), extra, plain.subarray(36)]);
    expect(readWavBytes(bytes)).toEqual(sound);
  });

  it('takes the first channel of two', () => {
    const stereo = wavBytes({ sampleRateHz: 8_000, samples: Int16Array.of(1, 9, 2, 9, 3, 9) });
    stereo.writeUInt16LE(2, 22);
    expect(readWavBytes(stereo).samples).toEqual(Int16Array.of(1, 2, 3));
  });

  it.each([
    ['an empty file', Buffer.alloc(0), /not a WAV file/],
    ['no data chunk', wavBytes(sound).subarray(0, 36), /without sound/],
    [
      '8 bits',
      (() => {
        const bytes = wavBytes(sound);
        bytes.writeUInt16LE(8, 34);
        return bytes;
      })(),
      /format 1, 8 bits; expected PCM \(1\), 16 bits/,
    ],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readWavBytes(bytes)).toThrow(message);
  });
});
