/**
 * `npm run bench:quality -- [--peer PROGRAM] [--calls 2] [--codec PCMU ...]`: how speech sounds after its way through the bridge, by ViSQOL (speech mode): between a phone and a room
 * participant with LiveKit's own SDK and jitter buffer, both ways at once, in each codec, over a perfect line and over lines that lose, delay and reorder packets by a
 * seeded schedule, the same for every bridge. What the phone hears is judged without concealment of the phone's own: what is lost on its line is silence. The
 * bridges take the same calls at the same time; a row is the mean of calls with other seeds.
 */

import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { resample } from '../../../media-node/src/media/audio/resample.ts';
import { readWav as readWavBytes } from '../../../media-node/src/media/sounds/wav.ts';
import type { Impairment } from '../../../media-node/src/sip/transport/impaired-link.fake.ts';
import { Agent, agentRateHz } from '../../agent/agent.ts';
import type { SampleSource } from '../../audio/tone.ts';
import type { Sound } from '../../audio/wav.ts';
import { type LineOptions, type PhoneCodec, phoneRateHz } from '../../phone/rtp-stream.ts';
import { SipPhone } from '../../phone/sip-phone.ts';
import { runToEnd } from '../run-to-end.ts';
import { startCallgate } from './callgate-bridge.ts';
import { type Bridge, benchCredentials, firstNumber } from './measurement.ts';
import { makeRoute } from './own-phones.ts';
import { startPeerBridge } from './peer-bridge.ts';
import { SpeechJudge } from './speech-judge.ts';

/** Silence before the speech, so that jitter buffers have settled when it begins, and behind it. */
const leadMs = 2_000;
const tailMs = 1_500;

const clean: Impairment = { loss: 0, duplicate: 0, reorder: 0, delayMs: [0, 0] };
const lines: readonly { readonly name: string; readonly impairment: Impairment }[] = [
  { name: 'clean', impairment: clean },
  { name: '1 % lost', impairment: { ...clean, loss: 0.01 } },
  { name: '5 % lost', impairment: { ...clean, loss: 0.05 } },
  { name: 'late by up to 30 ms', impairment: { ...clean, delayMs: [0, 30] } },
  { name: '2 % overtaken', impairment: { ...clean, reorder: 0.02 } },
];
const codecs: readonly PhoneCodec[] = ['PCMU', 'G722', 'opus'];

const { values } = parseArgs({
  options: {
    peer: { type: 'string' },
    calls: { type: 'string', default: '2' },
    codec: { type: 'string', multiple: true, default: [...codecs] },
  },
});
const say = (text: string) => process.stderr.write(`callgate: ${text}\n`);
const print = (line: string) => process.stdout.write(`${line}\n`);

interface Heard {
  readonly atRoom: Sound;
  readonly atPhone: Sound;
}

async function main(): Promise<void> {
  const calls = Number(values.calls);
  if (!Number.isInteger(calls) || calls < 1 || calls > 20)
    throw new Error(`--calls: expected 1 to 20, got ${JSON.stringify(values.calls)}`);
  const chosen = codecs.filter((codec) => values.codec.includes(codec));
  if (chosen.length < values.codec.length)
    throw new Error(`--codec: expected some of ${codecs.join(', ')}`);
  const judge = await SpeechJudge.start();
  const bridges: Bridge[] = [];
  try {
    if (values.peer !== undefined) bridges.push(await startPeerBridge(values.peer));
    bridges.push(await startCallgate('opus', { from: 22_000, to: 22_999 }, say));
    bridges.push(await startCallgate('pass-through', { from: 23_000, to: 23_999 }, say));
    for (const bridge of bridges) await makeRoute(bridge);
    print(`| phone | its line | ${bridges.map(({ name }) => name).join(' | ')} |`);
    print(`| --- | --- | ${bridges.map(() => '---').join(' | ')} |`);
    for (const codec of chosen) {
      for (const { name, impairment } of lines) {
        const cells = await rate(judge, bridges, codec, impairment, calls);
        print(`| ${codec} | ${name} | ${cells.join(' | ')} |`);
      }
    }
  } finally {
    await Promise.all(bridges.map((bridge) => bridge.stop()));
    await judge.stop();
  }
}

/** "to the room / to the phone" of each bridge, the mean of its calls. */
async function rate(
  judge: SpeechJudge,
  bridges: readonly Bridge[],
  codec: PhoneCodec,
  impairment: Impairment,
  calls: number,
): Promise<string[]> {
  const speech = spokenText(codec);
  const sums = bridges.map(() => ({ toRoom: 0, toPhone: 0, isRefused: false }));
  for (let call = 0; call < calls; call++) {
    const line = { impaired: { impairment, seed: 1 + 2 * call } };
    const number = (index: number) => String(firstNumber + index);
    const heard = await Promise.all(
      bridges.map((bridge, index) => talk(bridge, number(index), codec, speech, line)),
    );
    for (const [index, one] of heard.entries()) {
      const sum = sums[index];
      if (sum === undefined) continue;
      if (one === null) sum.isRefused = true;
      else {
        sum.toRoom += (await judge.judge(speech, one.atRoom)) / calls;
        sum.toPhone += (await judge.judge(speech, one.atPhone)) / calls;
      }
    }
  }
  return sums.map(({ toRoom, toPhone, isRefused }) =>
    isRefused ? '-' : `${toRoom.toFixed(2)} / ${toPhone.toFixed(2)}`,
  );
}

/** One call in which both sides say the same text at the same time; null: the bridge takes no such call. */
async function talk(
  bridge: Bridge,
  number: string,
  codec: PhoneCodec,
  speech: Sound,
  line: LineOptions,
): Promise<Heard | null> {
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
      codecs: [codec],
      says: once(speech, leadMs),
      line,
    });
    const answer = await call.answer;
    if (answer.kind === 'refused') return null;
    if (answer.kind !== 'answered')
      throw new Error(`${bridge.name} did not answer: ${JSON.stringify(answer)}`);
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

/** The prompts that come with the node, one after the other, as a phone with that codec carries them. */
function spokenText(codec: PhoneCodec): Sound {
  const sampleRateHz = codec === 'G722' || codec === 'opus' ? 2 * phoneRateHz : phoneRateHz;
  const samples = ['enter-pin', 'wrong-pin', 'entering-room'].flatMap((name) => {
    const file = fileURLToPath(
      new URL(`../../../media-node/prompts/en/${name}.wav`, import.meta.url),
    );
    const wav = readWavBytes(readFileSync(file));
    return [...resample(wav.samples, wav.rateHz, sampleRateHz)];
  });
  return { samples: Int16Array.from(samples), sampleRateHz };
}

/** Silence, the sound once, silence for ever. */
function once({ samples, sampleRateHz }: Sound, silentMs: number): SampleSource {
  let at = -Math.round((silentMs * sampleRateHz) / 1_000);
  return (into) => {
    for (let i = 0; i < into.length; i++) into[i] = samples[at + i] ?? 0;
    at += into.length;
  };
}

runToEnd(main, say);
