import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { Resampled, resample } from '../audio/resample.ts';
import { addTone, toneShare } from '../audio/tone.ts';
import type { SoundName } from '../media-session.ts';
import { CadenceSound, ringbackOf } from './cadence.ts';
import { Loop, Recording, Sequence, type Sound } from './sound.ts';
import { SoundLibrary } from './sound-library.ts';
import { readWav, writeWav } from './wav.ts';

/** Reads a sound in frames until it ends, or for so many frames. */
function listen(sound: Sound, framesMax = 1_000, frameSamples = 160): Int16Array {
  const heard: number[] = [];
  for (let i = 0; i < framesMax; i++) {
    const frame = new Int16Array(frameSamples);
    const goesOn = sound.read(frame);
    heard.push(...frame);
    if (!goesOn) break;
  }
  return Int16Array.from(heard);
}

describe('sounds', () => {
  it('play a recording once and end with silence', () => {
    const sound = new Recording(Int16Array.from({ length: 200 }, () => 7));
    const frame = new Int16Array(160);
    expect(sound.read(frame)).toBe(true);
    expect(sound.read(frame)).toBe(false);
    expect([...frame.subarray(38, 42)]).toEqual([7, 7, 0, 0]);
  });

  it('play one after the other', () => {
    const sound = new Sequence([
      new Recording(new Int16Array(160).fill(1)),
      new Recording(new Int16Array(160).fill(2)),
    ]);
    const heard = listen(sound);
    expect([...new Set(heard)]).toEqual([1, 0, 2]);
  });

  it('play music over and over', () => {
    const heard = listen(new Loop(Int16Array.from([1, 2, 3])), 1, 8);
    expect([...heard]).toEqual([1, 2, 3, 1, 2, 3, 1, 2]);
  });

  it('play music of nothing as silence', () => {
    const sound = new Loop(new Resampled({ rateHz: 48_000, samples: Int16Array.of(1) }, 8_000));
    expect([...listen(sound, 1, 4)]).toEqual([0, 0, 0, 0]);
  });

  it('sound a cadence: US ringback two seconds on, four off, both tones at once', () => {
    const heard = listen(new CadenceSound(ringbackOf('US'), 8_000, Number.POSITIVE_INFINITY), 400);
    const on = heard.subarray(0, 16_000);
    expect(toneShare(on, 440, 8_000) + toneShare(on, 480, 8_000)).toBeGreaterThan(0.95);
    expect(heard.subarray(16_000, 48_000).every((sample) => sample === 0)).toBe(true);
    expect(toneShare(heard.subarray(48_000), 440, 8_000)).toBeGreaterThan(0.4);
  });

  it.each([
    ['gb', 400],
    ['FR', 440],
    [null, 425],
    ['zz', 425],
  ])('know the ringback of %s', (country, frequency) => {
    expect(ringbackOf(country).frequenciesHz[0]).toBe(frequency);
  });

  it('end a tone in time', () => {
    expect(listen(new CadenceSound(ringbackOf(null), 8_000, 100)).length).toBe(960);
  });
});

describe('SoundLibrary', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  function folderWith(files: Readonly<Record<string, Buffer>>): string {
    const folder = mkdtempSync(join(tmpdir(), 'prompts-'));
    folders.push(folder);
    for (const [path, bytes] of Object.entries(files)) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), bytes);
    }
    return folder;
  }

  const wav = (value: number, samples = 1_600) =>
    writeWav({ rateHz: 8_000, samples: new Int16Array(samples).fill(value) });
  const english = {
    'en/enter-pin.wav': wav(1),
    'en/wrong-pin.wav': wav(2),
    'en/entering-room.wav': wav(3),
  };

  it.each([8_000, 16_000, 48_000])('gives the prompts of this repository at %i Hz', (rateHz) => {
    const library = SoundLibrary.read(fileURLToPath(new URL('../../../prompts', import.meta.url)));
    const heard = listen(library.create('enter-pin', rateHz, {}), 1_000, rateHz / 50);
    expect(heard.length / rateHz).toBeGreaterThan(2.5);
    expect(heard.length / rateHz).toBeLessThan(4.5);
    expect(heard.reduce((max, sample) => Math.max(max, sample), 0)).toBeGreaterThan(8_000);
  });

  it('takes the prompt of a language, and the English one where that has none', () => {
    const library = SoundLibrary.read(folderWith({ ...english, 'de/enter-pin.wav': wav(9) }));
    expect(listen(library.create('enter-pin', 8_000, { language: 'DE' }))[0]).toBe(9);
    expect(listen(library.create('entering-room', 8_000, { language: 'de' }))[0]).toBe(3);
    expect(listen(library.create('enter-pin', 8_000, { language: 'xx' }))[0]).toBe(1);
  });

  it('takes the prompt of the language where that of its region has none (RFC 4647 §3.4)', () => {
    const files = { 'de/enter-pin.wav': wav(9), 'de/music.wav': wav(8) };
    const library = SoundLibrary.read(
      folderWith({ ...english, ...files, 'de-at/wrong-pin.wav': wav(7) }),
    );
    const first = (name: SoundName, language: string) =>
      listen(library.create(name, 8_000, { language }), 1)[0];
    expect(first('wrong-pin', 'de-AT')).toBe(7);
    expect(first('enter-pin', 'de-AT')).toBe(9);
    expect(first('music', 'de-AT-1996')).toBe(8);
    expect(first('entering-room', 'de-AT')).toBe(3);
  });

  it.each([11_025, 22_050, 44_100, 48_000])(
    'plays recordings of %i Hz in their own pitch and length',
    (rateHz) => {
      const samples = new Int16Array(rateHz);
      addTone(samples, { frequencyHz: 700, rateHz, amplitude: 8_000, fromSample: 0 });
      const file = writeWav({ rateHz, samples });
      const library = SoundLibrary.read(folderWith({ ...english, 'en/enter-pin.wav': file }));
      const heard = listen(library.create('enter-pin', 8_000, {}));
      expect(heard.length).toBe(8_160);
      expect(toneShare(heard.subarray(0, 8_000), 700, 8_000)).toBeGreaterThan(0.95);
    },
  );

  it('follows a link to the folder of a language, as volumes of containers have them', () => {
    const folder = folderWith(english);
    symlinkSync(join(folder, 'en'), join(folder, 'de'));
    const library = SoundLibrary.read(folder);
    expect(listen(library.create('enter-pin', 8_000, { language: 'de' }))[0]).toBe(1);
  });

  it('plays what there is of a file that was cut off', () => {
    const cut = wav(7).subarray(0, 44 + 2 * 400);
    const library = SoundLibrary.read(folderWith({ ...english, 'en/enter-pin.wav': cut }));
    const heard = listen(library.create('enter-pin', 8_000, {}));
    expect(heard.filter((sample) => sample === 7).length).toBe(400);
  });

  it("plays the operator's music, and rings where there is none", () => {
    const music = SoundLibrary.read(folderWith({ ...english, 'en/music.wav': wav(5, 80) }));
    expect(new Set(listen(music.create('music', 8_000, { language: 'de' }), 5))).toEqual(
      new Set([5]),
    );
    const none = SoundLibrary.read(folderWith(english));
    const heard = listen(none.create('music', 8_000, {}), 10);
    expect(toneShare(heard, 425, 8_000)).toBeGreaterThan(0.9);
  });

  it('rings as the country that was chosen', () => {
    const library = SoundLibrary.read(folderWith(english));
    const heard = listen(library.create('ringback', 8_000, { country: 'fr' }), 50);
    expect(toneShare(heard, 440, 8_000)).toBeGreaterThan(0.9);
  });

  it('ends a wrong PIN with a tone', () => {
    const library = SoundLibrary.read(folderWith(english));
    const heard = listen(library.create('wrong-pin', 8_000, {}));
    const tail = heard.subarray(1_760, 3_600);
    expect(toneShare(tail, 480, 8_000) + toneShare(tail, 620, 8_000)).toBeGreaterThan(0.9);
  });

  it.each<[string, Record<string, Buffer>, RegExp]>([
    ['a prompt that is missing', { 'en/enter-pin.wav': wav(1) }, /wrong-pin\.wav is missing/],
    [
      'a file that is no WAV',
      { ...english, 'de/enter-pin.wav': Buffer.from('hello') },
      /de.enter-pin\.wav: not a WAV file/,
    ],
    [
      'a file that is far too long',
      { ...english, 'en/enter-pin.wav': Buffer.alloc(7 * 1_048_576) },
      /enter-pin\.wav: 7340032 bytes; expected 6808576 at most/,
    ],
    ['two channels', { ...english, 'en/enter-pin.wav': patched(22, 2) }, /2 channels; expected 1/],
    [
      'eight bits',
      { ...english, 'en/enter-pin.wav': patched(34, 8) },
      /with 8 bits; expected PCM \(1\) with 16/,
    ],
    [
      'a file without samples',
      { ...english, 'en/enter-pin.wav': wav(1).subarray(0, 36) },
      /no data chunk/,
    ],
    [
      'a recording of nothing',
      { ...english, 'en/enter-pin.wav': wav(1, 0) },
      /enter-pin\.wav: no samples/,
    ],
  ])('names %s', (_what, files, message) => {
    expect(() => SoundLibrary.read(folderWith(files))).toThrow(message);
  });

  function patched(at: number, value: number): Buffer {
    const bytes = wav(1);
    bytes.writeUInt16LE(value, at);
    return bytes;
  }
});

describe('a recording at another rate', () => {
  it.each([
    [44_100, 8_000],
    [11_025, 16_000],
    [8_000, 16_000],
    [22_051, 8_000],
  ])('(%i Hz at %i) is the same as made at once, however it is read', (from, to) => {
    const samples = Int16Array.from(
      { length: from / 3 },
      (_, i) => ((i * 7_919) % 20_011) - 10_000,
    );
    const whole = resample(samples, from, to);
    const inSteps = new Resampled({ rateHz: from, samples }, to);
    expect(inSteps.length).toBe(whole.length);
    const heard = listen(new Recording(inSteps), 1_000, 160).subarray(0, whole.length);
    expect(heard).toEqual(whole);
    expect(inSteps.subarray(100, 200)).toEqual(whole.subarray(100, 200));
  });
});

it('reads PCM whose format is told by a subformat (WAVE_FORMAT_EXTENSIBLE)', () => {
  const plain = writeWav({ rateHz: 8_000, samples: Int16Array.of(1, 2) });
  const format = Buffer.alloc(48);
  plain.copy(format, 0, 12, 36);
  format.writeUInt32LE(40, 4);
  format.writeUInt16LE(0xfffe, 8);
  format.writeUInt16LE(1, 8 + 24);
  const file = Buffer.concat([plain.subarray(0, 12), format, plain.subarray(36)]);
  expect(readWav(file)).toEqual({ rateHz: 8_000, samples: Int16Array.of(1, 2) });
  format.writeUInt16LE(3, 8 + 24);
  expect(() => readWav(Buffer.concat([plain.subarray(0, 12), format, plain.subarray(36)]))).toThrow(
    'format 3 with 16 bits; expected PCM (1) with 16',
  );
});

it('writes WAV files that it reads', () => {
  const samples = Int16Array.of(1, -2, 32_767, -32_768);
  expect(readWav(writeWav({ rateHz: 16_000, samples }))).toEqual({ rateHz: 16_000, samples });
});
