/** Calls by our own phone into the rooms of a routed stack, with an agent that hears and speaks: what the tests of whole calls share. */
import { Agent, type AgentEvents, agentRateHz } from '../agent/agent.ts';
import { listenFor } from '../audio/goertzel.ts';
import { tone } from '../audio/tone.ts';
import type { Sound } from '../audio/wav.ts';
import type { CallAnswer, PhoneCall } from '../phone/phone-call.ts';
import { type LineOptions, type PhoneCodec, phoneRateHz } from '../phone/rtp-stream.ts';
import type { SipPhone } from '../phone/sip-phone.ts';
import { caller, deskRoom, eventually, type RoutedStack } from './routed-stack.ts';

export const phoneToneHz = 440;
export const agentToneHz = 1_000;

/** An agent with its tone in the room of a number. */
export function agentIn(stack: RoutedStack, number: string, events?: AgentEvents): Promise<Agent> {
  return Agent.join({
    livekit: stack.livekit,
    room: deskRoom(number),
    says: tone({ frequencyHz: agentToneHz, sampleRateHz: agentRateHz }),
    ...(events === undefined ? {} : { events }),
  });
}

/** A call with the phone's tone and the trunk's credentials, or others. */
export function dial(
  stack: { readonly node: { readonly sip: string } },
  phone: SipPhone,
  number: string,
  options: {
    readonly password?: string;
    readonly codecs?: readonly PhoneCodec[];
    /** Further headers of the INVITE. */
    readonly headers?: readonly (readonly [name: string, value: string])[];
    /** Who calls; absent: always the same. */
    readonly from?: string;
    readonly line?: LineOptions;
    /** Told each packet that the phone hears. */
    readonly hears?: (samples: Int16Array) => void;
    /** Where the INVITE goes; absent: to the node itself. */
    readonly through?: string;
    /** What a REFER gets. */
    readonly refers?: { readonly answer: number; readonly notify?: number };
  } = {},
): Promise<PhoneCall> {
  const [address = '', port = ''] = (options.through ?? stack.node.sip).split(':');
  return phone.call({
    target: { address, port: Number(port) },
    to: number,
    from: options.from ?? '+15550199',
    credentials: { user: caller.user, password: options.password ?? caller.password },
    says: tone({ frequencyHz: phoneToneHz, sampleRateHz: phoneRateHz }),
    ...(options.refers === undefined ? {} : { refers: options.refers }),
    ...(options.headers === undefined ? {} : { headers: options.headers }),
    ...(options.codecs === undefined ? {} : { codecs: options.codecs }),
    ...(options.line === undefined ? {} : { line: options.line }),
    ...(options.hears === undefined ? {} : { hears: options.hears }),
  });
}

/** How often a call is placed that gets 503, a second apart. */
const attemptsMax = 10;

/** A call, and what came of it. A node that has just begun on a busy machine may answer 503, and is asked again, as providers do. */
export async function dialUntilTaken(
  ...call: Parameters<typeof dial>
): Promise<{ readonly call: PhoneCall; readonly answer: CallAnswer }> {
  for (let attempt = 1; ; attempt += 1) {
    const placed = await dial(...call);
    const answer = await placed.answer;
    const isBusy = answer.kind === 'refused' && answer.status === 503;
    if (!isBusy || attempt === attemptsMax) return { call: placed, answer };
    await pause(1_000);
  }
}

/** A call that must be answered. @throws Error when it is not */
export async function dialUntilAnswered(...call: Parameters<typeof dial>): Promise<PhoneCall> {
  const { call: placed, answer } = await dialUntilTaken(...call);
  if (answer.kind !== 'answered')
    throw new Error(`the call had to be answered; got ${JSON.stringify(answer)}`);
  return placed;
}

/** Half a minute of the phone's tone, for phones that play a file. */
export function phoneToneSound(sampleRateHz: number): Sound {
  const samples = new Int16Array(sampleRateHz * 30);
  tone({ frequencyHz: phoneToneHz, sampleRateHz })(samples);
  return { sampleRateHz, samples };
}

/** Milliseconds of the tone in the last `ms` of what was heard. */
export function toneAtTheEnd(sound: Sound, frequencyHz: number, ms: number): number {
  const samples = sound.samples.subarray(-Math.round((sound.sampleRateHz * ms) / 1_000));
  return listenFor({ ...sound, samples }, frequencyHz).toneMs;
}

/** Waits until a further half second has been heard since the call of this, all of it the tone. @throws Error when that does not come */
export function hearsTone(heard: () => Sound, frequencyHz: number): Promise<void> {
  const { length } = heard().samples;
  return eventually(`${frequencyHz} Hz are heard`, () => {
    const { sampleRateHz, samples } = heard();
    const sound = { sampleRateHz, samples: samples.subarray(length) };
    return toneAtTheEnd(sound, frequencyHz, 600) > 500;
  });
}

export function pause(ms: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, ms));
}
