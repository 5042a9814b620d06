/** A room behind a PIN, as a caller meets it: prompts by ear, digits as telephone events. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resample } from '../../media-node/src/media/audio/resample.ts';
import { readWav } from '../../media-node/src/media/sounds/wav.ts';
import { Agent, agentRateHz } from '../agent/agent.ts';
import { type Likeness, likenessOf, pieceMs } from '../audio/likeness.ts';
import { tone } from '../audio/tone.ts';
import type { Sound } from '../audio/wav.ts';
import { runSecrets } from '../local/secret-watch.ts';
import type { PhoneCall } from '../phone/phone-call.ts';
import { phoneRateHz } from '../phone/rtp-stream.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { agentToneHz, dial, dialUntilAnswered, phoneToneHz, toneAtTheEnd } from './phone-calls.ts';
import {
  caller,
  eventually,
  isNodeIdle,
  type RoutedStack,
  startRoutedStack,
} from './routed-stack.ts';

const number = '+15550300';
const room = 'vault';
/** Long enough to be searched for in all that every part writes. */
const pin = '471938';
const wrongPin = '471939';
/** A prompt that came over G.711 is above 0.95; the other prompts reach 0.5. */
const heardLeast = 0.8;

let stack: RoutedStack;
let phone: SipPhone;

beforeAll(async () => {
  runSecrets.keep('PIN', pin);
  runSecrets.keep('wrong PIN', wrongPin);
  stack = await startRoutedStack({ departureTimeoutS: 1 });
  phone = await SipPhone.open('127.0.0.2');
  const trunk = await stack.sip.createSipInboundTrunk('vault', [number], {
    authUsername: caller.user,
    authPassword: caller.password,
  });
  await stack.sip.createSipDispatchRule(
    { type: 'direct', roomName: room, pin },
    { name: 'vault', trunkIds: [trunk.sipTrunkId] },
  );
});
afterAll(async () => {
  phone?.close();
  await stack?.stop();
});

function prompt(name: 'enter-pin' | 'wrong-pin' | 'entering-room'): Sound {
  const file = fileURLToPath(new URL(`../../media-node/prompts/en/${name}.wav`, import.meta.url));
  const { rateHz, samples } = readWav(readFileSync(file));
  return { sampleRateHz: phoneRateHz, samples: resample(samples, rateHz, phoneRateHz) };
}

/** Waits until a prompt was heard, in what came `fromMs` after the first packet or later. */
async function hear(
  call: PhoneCall,
  name: Parameters<typeof prompt>[0],
  fromMs = 0,
): Promise<Likeness> {
  const recording = prompt(name);
  let found: Likeness = { likeness: 0, atMs: 0 };
  let from = Math.round((fromMs * recording.sampleRateHz) / 1_000);
  const end = performance.now() + 30_000;
  while (found.likeness < heardLeast && performance.now() < end) {
    await new Promise((settle) => setTimeout(settle, 250));
    const { samples, sampleRateHz } = call.heard();
    const { likeness, atMs } = likenessOf(
      { sampleRateHz, samples: samples.subarray(from) },
      recording,
    );
    found = { likeness, atMs: atMs + (from * 1_000) / sampleRateHz };
    // What was looked at is not looked at again: the phone presses no keys meanwhile.
    from = Math.max(from, samples.length - Math.round((pieceMs * sampleRateHz) / 1_000));
  }
  expect(found.likeness, name).toBeGreaterThan(heardLeast);
  return found;
}

const soundMs = ({ samples, sampleRateHz }: Sound) => (samples.length * 1_000) / sampleRateHz;

describe('a rule with a PIN', () => {
  it('answers, asks, lets the right PIN in, rings, and then phone and room hear each other', async () => {
    const call = await dialUntilAnswered(stack, phone, number);
    await hear(call, 'enter-pin');
    expect(await stack.rooms.listRooms([room])).toEqual([]);
    call.press(`${pin}#`);
    const { atMs } = await hear(call, 'entering-room');
    await eventually('ringback begins', () => loudMs(call.heard(), atMs + 1_500) > 200);
    expect(toneAtTheEnd(call.heard(), agentToneHz, 400)).toBe(0);

    const agent = await Agent.join({
      livekit: stack.livekit,
      room,
      says: tone({ frequencyHz: agentToneHz, sampleRateHz: agentRateHz }),
    });
    await eventually('the caller is in the room', () => agent.others.includes('sip_+15550199'));
    await eventually(
      'the phone hears the agent',
      () => toneAtTheEnd(call.heard(), agentToneHz, 600) > 500,
    );
    await eventually(
      'the agent hears the phone',
      () => toneAtTheEnd(agent.heard(), phoneToneHz, 600) > 500,
    );
    call.hangUp();
    expect(await call.ended).toBe('phone');
    await agent.leave();
  });

  it('lets a key interrupt the prompt', async () => {
    const whole = loudMs(prompt('enter-pin'));
    // A busy machine may press the key when all is said; then the next call shows it.
    await eventually(
      '"... and press hash to confirm" is not said any more',
      async () => {
        const call = await dial(stack, phone, number);
        await call.answer;
        await eventually('the prompt has begun', () => loudMs(call.heard()) > 300);
        call.press('1');
        await eventually('silence follows', () => {
          const sound = call.heard();
          const atMs = soundMs(sound) - 1_500;
          return loudMs(sound) > 0 && atMs > 0 && loudMs(sound, atMs) === 0;
        });
        const said = loudMs(call.heard());
        call.hangUp();
        await call.ended;
        return said < whole - 700;
      },
      40_000,
    );
  });

  it('asks again after a wrong PIN, and hangs up after the third', async () => {
    const call = await dial(stack, phone, number);
    await call.answer;
    let fromMs = 0;
    for (const wrong of ['0000#', `${wrongPin}#`, '#']) {
      fromMs = (await hear(call, 'enter-pin', fromMs)).atMs;
      call.press(wrong);
      fromMs = (await hear(call, 'wrong-pin', fromMs)).atMs;
    }
    expect(await call.ended).toBe('node');
    await eventually(
      'the record says why',
      () => stack.nodeEvents('call-ended').at(-1)?.['reason'] === 'wrong-pin',
    );
    await eventually('the node is idle', () => isNodeIdle(stack));
    expect(
      (await stack.rooms.listRooms([room])).flatMap((one) => one.numParticipants),
    ).not.toContain(1);
  });

  it('keeps PINs out of the log', () => {
    const said = stack.lines.filter((line) => line.includes('"event"'));
    expect(said.filter((line) => line.includes(pin) || line.includes(wrongPin))).toEqual([]);
  });
});

/** Milliseconds that are no silence in a sound after `fromMs`. */
function loudMs({ samples, sampleRateHz }: Sound, fromMs = 0): number {
  const window = sampleRateHz / 50;
  let ms = 0;
  for (
    let at = Math.round((fromMs * sampleRateHz) / 1_000);
    at + window <= samples.length;
    at += window
  ) {
    if (samples.subarray(at, at + window).some((sample) => Math.abs(sample) > 200)) ms += 20;
  }
  return ms;
}
