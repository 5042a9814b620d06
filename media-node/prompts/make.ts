/**
 * Makes the spoken prompts: each text of `texts.json` as `<language>/<name>.wav`, 16 kHz, 16 bit, mono, by Festival with the
 * free voice cmu_us_slt (Debian: festival, festvox-us-slt-hts). Run it after a change of the texts: `node media-node/prompts/make.ts`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resample } from '../src/media/audio/resample.ts';
import { readWav, writeWav } from '../src/media/sounds/wav.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const rateHz = 16_000;
/** Peak of the finished prompts: -6 dB, so that no codec on the way clips. */
const peak = 16_000;

const texts = JSON.parse(readFileSync(join(folder, 'texts.json'), 'utf8')) as Record<
  string,
  Record<string, string>
>;
const scratch = mkdtempSync(join(tmpdir(), 'prompts-'));
try {
  for (const [language, prompts] of Object.entries(texts)) {
    for (const [name, text] of Object.entries(prompts)) {
      const spoken = join(scratch, `${name}.wav`);
      execFileSync('text2wave', ['-eval', '(voice_cmu_us_slt_arctic_hts)', '-o', spoken], {
        input: text,
      });
      const wav = readWav(readFileSync(spoken));
      const samples = normalise(trim(resample(wav.samples, wav.rateHz, rateHz)));
      writeFileSync(join(folder, language, `${name}.wav`), writeWav({ rateHz, samples }));
      process.stdout.write(
        `${language}/${name}.wav ${Math.round((samples.length * 1_000) / rateHz)} ms\n`,
      );
    }
  }
} finally {
  rmSync(scratch, { recursive: true });
}

/** Cuts silence off both ends, all but 100 ms. */
function trim(samples: Int16Array): Int16Array {
  const quiet = 200;
  const first = samples.findIndex((sample) => Math.abs(sample) > quiet);
  const last = samples.findLastIndex((sample) => Math.abs(sample) > quiet);
  const rest = rateHz / 10;
  return samples.slice(Math.max(0, first - rest), last + rest);
}

function normalise(samples: Int16Array): Int16Array {
  const loudest = samples.reduce((max, sample) => Math.max(max, Math.abs(sample)), 1);
  return samples.map((sample) => Math.round((sample * peak) / loudest));
}
