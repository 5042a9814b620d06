/** What callers hear of the node as trunk and rule choose it: early media, prompts of the operator's own. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeWav } from '../../media-node/src/media/sounds/wav.ts';
import { tone } from '../audio/tone.ts';
import type { PhoneCall } from '../phone/phone-call.ts';
import { phoneRateHz } from '../phone/rtp-stream.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { agentIn, agentToneHz, dial, dialUntilAnswered, toneAtTheEnd } from './phone-calls.ts';
import { caller, eventually, type RoutedStack, startRoutedStack } from './routed-stack.ts';

const [waiting, locked] = ['+15550310', '+15550311'];
/** What "prompt" and "music" of this test are, Hz. */
const [promptHz, musicHz] = [1_300, 900];

let stack: RoutedStack;
let phone: SipPhone;
let prompts: string;

beforeAll(async () => {
  prompts = await mkdtemp(join(tmpdir(), 'callgate-prompts-'));
  for (const language of ['en', 'xx']) {
    await mkdir(join(prompts, language));
    for (const name of ['enter-pin', 'wrong-pin', 'entering-room']) {
      await writeTone(join(prompts, language, `${name}.wav`), language === 'xx' ? promptHz : 300);
    }
  }
  await writeTone(join(prompts, 'en', 'music.wav'), musicHz);
  stack = await startRoutedStack({
    departureTimeoutS: 1,
    nodeEnvironment: { CALLGATE_PROMPTS_DIR: prompts },
  });
  phone = await SipPhone.open('127.0.0.2');
});
afterAll(async () => {
  phone?.close();
  await stack?.stop();
  await rm(prompts, { recursive: true, force: true });
});

async function writeTone(file: string, frequencyHz: number): Promise<void> {
  const samples = new Int16Array(4 * phoneRateHz);
  tone({ frequencyHz, sampleRateHz: phoneRateHz })(samples);
  await writeFile(file, writeWav({ rateHz: phoneRateHz, samples }));
}

async function trunk(number: string, options: Readonly<Record<string, string>>): Promise<string> {
  const { sipTrunkId } = await stack.sip.createSipInboundTrunk(`sounds ${number}`, [number], {
    authUsername: caller.user,
    authPassword: caller.password,
    metadata: JSON.stringify({ callgate: options }),
  });
  return sipTrunkId;
}

const hears = (call: PhoneCall, hz: number) =>
  eventually(`${hz} Hz`, () => toneAtTheEnd(call.heard(), hz, 400) > 300);

describe('a caller hears', () => {
  it('music before the answer where the rule wants it, and then the room', async () => {
    const trunkId = await trunk(waiting, { early_media: 'ringback' });
    await stack.sip.createSipDispatchRule(
      { type: 'callee', roomPrefix: 'desk', pin: '', randomize: false },
      { name: 'waiting', trunkIds: [trunkId], attributes: { 'callgate.early_media': 'music' } },
    );
    const call = await dial(stack, phone, waiting);
    await eventually('183', () => call.timeline.at('183 Session Progress') !== null);
    await hears(call, musicHz);
    expect(call.timeline.at('200 OK')).toBeNull();
    const agent = await agentIn(stack, waiting);
    expect(await call.answer).toEqual({ kind: 'answered' });
    await hears(call, agentToneHz);
    call.hangUp();
    await call.ended;
    await agent.leave();
  });

  it('prompts in the language of the trunk', async () => {
    const trunkId = await trunk(locked, { language: 'XX' });
    await stack.sip.createSipDispatchRule(
      { type: 'direct', roomName: 'locked', pin: '4711' },
      { name: 'locked', trunkIds: [trunkId] },
    );
    const call = await dialUntilAnswered(stack, phone, locked);
    await hears(call, promptHz);
    call.hangUp();
    await call.ended;
  });
});
