/**
 * `npm run bench:quality -- [--peer PROGRAM]`: how speech sounds after its way through the bridge, by ViSQOL (speech mode, `visqol-python` of PyPI, made once in the user's
 * cache): from a PCMU phone to a room participant with LiveKit's own SDK and jitter buffer, and back, over a perfect line and lines that lose or delay packets by a
 * seeded schedule, the same for every bridge. What the phone hears is judged without concealment of the phone's own: what is lost on its line is silence.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { resample } from '../../../media-node/src/media/audio/resample.ts';
import { readWav as readWavBytes } from '../../../media-node/src/media/sounds/wav.ts';
import { Agent, agentRateHz } from '../../agent/agent.ts';
import type { SampleSource } from '../../audio/tone.ts';
import { type Sound, writeWav } from '../../audio/wav.ts';
import { findPythonWith } from '../../clients/python-client.ts';
import { type LineOptions, phoneRateHz } from '../../phone/rtp-stream.ts';
import { SipPhone } from '../../phone/sip-phone.ts';
import { startCallgate } from './callgate-bridge.ts';
import { type Bridge, benchCredentials, firstNumber } from './measurement.ts';
import { makeRoute } from './own-phones.ts';
import { startPeerBridge } from './peer-bridge.ts';

const judgeRateHz = 16_000;
/** Silence before the speech, so that jitter buffers have settled when it begins, and behind it. */
const leadMs = 2_000;
const tailMs = 1_500;
/** Sound of the recording begins with the first sample above this. */
const onsetPeak = 400;

const lines: readonly { readonly name: string; readonly line: LineOptions }[] = [
  { name: 'clean', line: {} },
  { name: '1 % lost', line: { lossShare: 0.01 } },
  { name: '5 % lost', line: { lossShare: 0.05 } },
  { name: 'late by up to 30 ms, reordered', line: { jitterMs: 30 } },
];

const { values } = parseArgs({ options: { peer: { type: 'string' } } });
const say = (text: string) => process.stderr.write(`callgate: ${text}\n`);

const print = (line: string) => process.stdout.write(`${line}\n`);

interface Heard {
  readonly atRoom: Sound;
  readonly atPhone: Sound;
}

async function main(): Promise<void> {
  const python = await findPythonWith('visqol-python==3.8.0');
  const folder = await mkdtemp(join(tmpdir(), 'callgate-quality-'));
  const bridges: Bridge[] = [];
  try {
    const speech = spokenText();
    const reference = join(folder, 'reference.wav');
    await writeWav(reference, atJudgeRate(speech));
    if (values.peer !== undefined) bridges.push(await startPeerBridge(values.peer));
    bridges.push(await startCallgate('opus', { from: 22_000, to: 22_999 }, say));
    bridges.push(await startCallgate('pass-through', { from: 23_000, to: 23_999 }, say));
    for (const bridge of bridges) await makeRoute(bridge);
    print('| line of the phone | bridge | phone to room, MOS-LQO | room to phone, MOS-LQO |');
    print('| --- | --- | --- | --- |');
    for (const { name, line } of lines) {
      for (const [index, bridge] of bridges.entries()) {
        say(`${bridge.name}: ${name}`);
        const heard = await talk(bridge, String(firstNumber + index), speech, line);
        const files = [join(folder, 'room.wav'), join(folder, 'phone.wav')];
        await writeWav(files[0] ?? '', fromOnset(atJudgeRate(heard.atRoom), speech));
        await writeWav(files[1] ?? '', fromOnset(atJudgeRate(heard.atPhone), speech));
        const [atRoom, atPhone] = await judge(python, reference, files);
        print(`| ${name} | ${bridge.name} | ${atRoom} | ${atPhone} |`);
      }
    }
  } finally {
    await Promise.all(bridges.map((bridge) => bridge.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

/** One call in which both sides say the same text at the same time. */
async function talk(
  bridge: Bridge,
  number: string,
  speech: Sound,
  line: LineOptions,
): Promise<Heard> {
  const phone = await SipPhone.open('127.0.0.2');
  const [address = '', port = ''] = bridge.sip.split(':');
  const agentSpeech = resample(speech.samples, speech.sampleRateHz, agentRateHz);
  const agent = await Agent.join({
    livekit: bridge.livekit,
    room: `bench_${number}`,
    says: once({ samples: agentSpeech, sampleRateHz: agentRateHz }, 2 * leadMs),
    publishOn: 'caller',
  });
  try {
    const call = await phone.call({
      target: { address, port: Number(port) },
      to: number,
      from: '+14440000',
      credentials: benchCredentials,
      says: once(speech, leadMs),
      line,
    });
    const answer = await call.answer;
    if (answer.kind !== 'answered')
      throw new Error(`${bridge.name} did not answer: ${answer.kind}`);
    const speechMs = (speech.samples.length * 1_000) / speech.sampleRateHz;
    await pause(2 * leadMs + speechMs + tailMs);
    const heard = { atRoom: agent.heard(), atPhone: call.heard() };
    call.hangUp();
    await call.ended;
    return heard;
  } finally {
    await agent.leave();
    phone.close();
  }
}

/** The prompts that come with the node, one after the other, as a phone carries them. */
function spokenText(): Sound {
  const samples = ['enter-pin', 'wrong-pin', 'entering-room'].flatMap((name) => {
    const file = fileURLToPath(
      new URL(`../../../media-node/prompts/en/${name}.wav`, import.meta.url),
    );
    const wav = readWavBytes(readFileSync(file));
    return [...resample(wav.samples, wav.rateHz, phoneRateHz)];
  });
  return { samples: Int16Array.from(samples), sampleRateHz: phoneRateHz };
}

/** Silence, the sound once, silence for ever. */
function once({ samples, sampleRateHz }: Sound, silentMs: number): SampleSource {
  let at = -Math.round((silentMs * sampleRateHz) / 1_000);
  return (into) => {
    for (let i = 0; i < into.length; i++) into[i] = samples[at + i] ?? 0;
    at += into.length;
  };
}

function atJudgeRate({ samples, sampleRateHz }: Sound): Sound {
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

function judge(python: string, reference: string, files: readonly string[]): Promise<string[]> {
  const script = fileURLToPath(new URL('./speech-quality.py', import.meta.url));
  return new Promise((settle, fail) => {
    const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
    child.once('error', fail);
    child.once('close', (status) =>
      status === 0 ? settle(output.trim().split('\n')) : fail(new Error(`ViSQOL: ${status}`)),
    );
    child.stdin.end(files.map((file) => `${reference}\t${file}\n`).join(''));
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, ms));
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    say(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
