/**
 * ViSQOL as judge of speech (speech mode, `visqol-python` of PyPI with `numba`, which makes it ten times faster, in the user's cache): a Python that is asked for one
 * recording after the other.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { resample } from '../../../media-node/src/media/audio/resample.ts';
import { type Sound, writeWav } from '../../audio/wav.ts';
import { findPythonWith } from '../../clients/python-client.ts';

const judgeRateHz = 16_000;
/** Sound of the recording begins with the first sample above this. */
const onsetPeak = 400;

export class SpeechJudge {
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  #files = 0;

  private constructor(folder: string, process: ChildProcess, answers: AsyncIterator<string>) {
    this.#folder = folder;
    this.#process = process;
    this.#answers = answers;
  }

  /** @throws Error when Python or the package cannot be had */
  static async start(): Promise<SpeechJudge> {
    const python = await findPythonWith('visqol-python==3.8.0', 'numba==0.68.1');
    const folder = await mkdtemp(join(tmpdir(), 'callgate-quality-'));
    const script = fileURLToPath(new URL('./speech-quality.py', import.meta.url));
    const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child, 'spawn');
    const lines = createInterface({ input: child.stdout });
    return new SpeechJudge(folder, child, lines[Symbol.asyncIterator]());
  }

  /** MOS-LQO, 1 to 5, of what was heard against what was said. @throws Error when nothing was heard, or the judge ends */
  async judge(said: Sound, heard: Sound): Promise<number> {
    const pair = [atJudgeRate(said), fromOnset(atJudgeRate(heard), said)];
    const files: string[] = [];
    for (const sound of pair) {
      const file = join(this.#folder, `${this.#files++}.wav`);
      await writeWav(file, sound);
      files.push(file);
    }
    this.#process.stdin?.write(`${files.join('\t')}\n`);
    const { done, value } = await this.#answers.next();
    if (done === true) throw new Error('ViSQOL has ended');
    return Number(value);
  }

  async stop(): Promise<void> {
    this.#process.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function atJudgeRate({ samples, sampleRateHz }: Sound): Sound {
  if (sampleRateHz === judgeRateHz) return { samples, sampleRateHz };
  return { samples: resample(samples, sampleRateHz, judgeRateHz), sampleRateHz: judgeRateHz };
}

/** The recording from its first sound on, as long as the speech. */
function fromOnset(heard: Sound, speech: Sound): Sound {
  const first = heard.samples.findIndex((sample) => Math.abs(sample) > onsetPeak);
  if (first < 0) throw new Error('nothing was heard');
  const from = Math.max(0, first - judgeRateHz / 10);
  const length = (speech.samples.length * judgeRateHz) / speech.sampleRateHz + judgeRateHz / 5;
  return { samples: heard.samples.subarray(from, from + length), sampleRateHz: judgeRateHz };
}
