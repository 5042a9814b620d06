/** Calls by baresip: a phone that nobody here wrote, with its own SIP, its own codecs and its own idea of RTP. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SIPMediaEncryption } from '@livekit/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Agent, AgentEvents } from '../agent/agent.ts';
import { listenFor } from '../audio/goertzel.ts';
import type { Sound } from '../audio/wav.ts';
import {
  Baresip,
  type BaresipCodec,
  type BaresipEvent,
  type BaresipOptions,
} from '../lab/baresip.ts';
import { makeCertificate } from '../lab/certificate.ts';
import { startSippCallee } from '../lab/sipp-callee.ts';
import { freeTcpPort } from '../local/free-port.ts';
import {
  agentIn,
  agentToneHz,
  pause,
  phoneToneHz,
  phoneToneSound,
  toneAtTheEnd,
} from './phone-calls.ts';
import {
  caller,
  deskRoom,
  eventually,
  isNodeIdle,
  numbers,
  type RoutedStack,
  startRoutedStack,
} from './routed-stack.ts';

let stack: RoutedStack;
const agents: Agent[] = [];
const phones: Baresip[] = [];
let called = 0;
let certificateFolder = '';
let tlsListen = '';

beforeAll(async () => {
  certificateFolder = await mkdtemp(join(tmpdir(), 'callgate-tls-'));
  tlsListen = `127.0.0.1:${await freeTcpPort('127.0.0.1')}`;
  const { certificateFile, keyFile } = await makeCertificate(certificateFolder, '127.0.0.1');
  stack = await startRoutedStack({
    departureTimeoutS: 1,
    nodeEnvironment: {
      CALLGATE_TLS_LISTEN: tlsListen,
      CALLGATE_TLS_CERTIFICATE: certificateFile,
      CALLGATE_TLS_KEY: keyFile,
    },
  });
});
afterEach(async () => {
  for (const phone of phones.splice(0)) await phone.stop();
  for (const agent of agents.splice(0)) await agent.leave();
});
afterAll(async () => {
  await stack?.stop();
  await rm(certificateFolder, { recursive: true, force: true });
});

const rates: Readonly<Record<BaresipCodec, number>> = {
  'PCMU/8000/1': 8_000,
  'PCMA/8000/1': 8_000,
  'G722/16000/1': 16_000,
  'opus/48000/2': 48_000,
};

/** A phone that has called a number of its own, with an agent in the room. */
async function callBy(
  codec: BaresipCodec,
  options: Partial<BaresipOptions> & {
    /** Absent: one of the trunk's numbers, another for each call. */
    readonly number?: string;
    /** Where it calls; absent: the node's UDP and TCP port. */
    readonly target?: string;
    readonly uriParameters?: string;
    readonly events?: AgentEvents;
  } = {},
): Promise<{ phone: Baresip; agent: Agent }> {
  const number = options.number ?? numbers[called++ % numbers.length] ?? '';
  const agent = await agentIn(stack, number, options.events);
  agents.push(agent);
  const phone = await Baresip.start({
    from: '+15550199',
    ...caller,
    codec,
    says: phoneToneSound(rates[codec]),
    ...options,
  });
  phones.push(phone);
  phone.dial(number, options.target ?? stack.node.sip, options.uriParameters);
  return { phone, agent };
}

async function established(phone: Baresip): Promise<void> {
  await eventually(`the call is up\n${phone.said}`, () => phone.has('CALL_ESTABLISHED'));
}

/** The room hears the phone for the better part of a second. */
async function hears(agent: Agent): Promise<void> {
  await eventually(
    'the room hears the phone',
    () => toneAtTheEnd(agent.heard(), phoneToneHz, 800) > 700,
  );
}

/** Meanwhile the room hears nothing, in the end the phone again. baresip keeps no more of what it hears from its hold on: hold-forms.test.ts listens to that. */
async function holdAndResume(phone: Baresip, agent: Agent): Promise<void> {
  phone.command('hold');
  await eventually(
    'the room hears nothing',
    () => toneAtTheEnd(agent.heard(), phoneToneHz, 800) === 0,
  );
  expect(phone.has('CALL_CLOSED')).toBe(false);
  phone.command('resume');
  await hears(agent);
  expect(phone.has('CALL_CLOSED')).toBe(false);
}

/** Ends the phone and gives back what it heard. */
async function stop(phone: Baresip): Promise<Sound> {
  phones.splice(phones.indexOf(phone), 1);
  return (await phone.stop()) ?? { sampleRateHz: 8_000, samples: new Int16Array() };
}

describe('baresip calls', () => {
  it.each(['PCMU/8000/1', 'PCMA/8000/1', 'G722/16000/1', 'opus/48000/2'] as const)(
    'in %s: digest, two-way audio by tones, hang-up',
    async (codec) => {
      const { phone, agent } = await callBy(codec);
      await established(phone);
      await hears(agent);
      await pause(1_500);
      expect(listenFor(await stop(phone), agentToneHz).toneMs).toBeGreaterThan(1_000);
      await eventually('the participant has left', () => agent.others.length === 0);
      await eventually('the node is idle', () => isNodeIdle(stack));
      await eventually(
        'its record says why',
        () => stack.nodeEvents('call-ended').at(-1)?.['reason'] === 'caller-hung-up',
      );
    },
  );

  it.each(['tcp', 'tls'] as const)('over %s', async (transport) => {
    const { phone, agent } = await callBy('PCMU/8000/1', {
      uriParameters: `;transport=${transport}`,
      ...(transport === 'tls' ? { target: tlsListen } : {}),
    });
    await established(phone);
    await hears(agent);
    await pause(1_000);
    expect(listenFor(await stop(phone), agentToneHz).toneMs).toBeGreaterThan(700);
  });

  it('with its media encrypted (SRTP, keys by SDES), where the trunk requires it, also behind a hold', async () => {
    const number = '+15550400';
    const trunk = await stack.sip.createSipInboundTrunk('encrypted', [number], {
      authUsername: caller.user,
      authPassword: caller.password,
      mediaEncryption: SIPMediaEncryption.SIP_MEDIA_ENCRYPT_REQUIRE,
    });
    await stack.sip.createSipDispatchRule(
      { type: 'callee', roomPrefix: 'desk', pin: '', randomize: false },
      { name: 'encrypted', trunkIds: [trunk.sipTrunkId] },
    );
    const plain = await callBy('PCMU/8000/1', { number });
    await eventually('without encryption it is refused', () => plain.phone.has('CALL_CLOSED'));
    expect(plain.phone.events.at(-1)?.param).toContain('488');

    const { phone, agent } = await callBy('PCMU/8000/1', {
      number,
      account: ['mediaenc=srtp-mand'],
    });
    await established(phone);
    await hears(agent);
    await holdAndResume(phone, agent);
    expect(listenFor(await stop(phone), agentToneHz).toneMs).toBeGreaterThan(300);
  });

  it('and puts the call on hold: the room hears nothing, until it is resumed', async () => {
    const { phone, agent } = await callBy('PCMU/8000/1');
    await established(phone);
    await hears(agent);
    await holdAndResume(phone, agent);
  });

  it('and is sent to somebody else by REFER: it calls there, and its call here ends', async () => {
    const other = await startSippCallee();
    try {
      const { phone, agent } = await callBy('PCMU/8000/1');
      await established(phone);
      await eventually('the participant is seen', () => agent.others.length === 1);
      const number = numbers[(called - 1) % numbers.length] ?? '';
      const [identity = ''] = agent.others;
      await stack.sip.transferSipParticipant(deskRoom(number), identity, `sip:other@${other.sip}`);
      await eventually('its record says why', () =>
        stack.nodeEvents('call-ended').some(({ reason }) => reason === 'transferred'),
      );
      const isUp = ({ type }: BaresipEvent) => type === 'CALL_ESTABLISHED';
      await eventually('it has called there', () => phone.events.filter(isUp).length === 2);
      await eventually('the node is idle', () => isNodeIdle(stack));
    } finally {
      await other.stop();
    }
  });

  // baresip has no telephone events but those of 8000 Hz, beside Opus, too.
  it.each(['PCMU/8000/1', 'opus/48000/2'] as const)(
    'in %s, and presses keys: each arrives in the room once, in order, and those of the room at the phone',
    async (codec) => {
      const digits: string[] = [];
      const { phone, agent } = await callBy(codec, {
        events: { onDigit: (digit) => digits.push(digit) },
      });
      await established(phone);
      await pause(300);
      for (const digit of '15#*') {
        phone.command('sndcode', digit);
        await pause(150);
        phone.command('sndcode', '\u0004');
        await pause(150);
      }
      await eventually('all digits are there', () => digits.length >= 4);
      await pause(300);
      expect(digits.join('')).toBe('15#*');
      for (const digit of '902#') await agent.press(digit);
      const received = () =>
        phone.events.filter(({ type }) => type === 'CALL_DTMF_START').map(({ param }) => param);
      await eventually('all digits are at the phone', () => received().length >= 4);
      await pause(300);
      expect(received().join('')).toBe('902#');
    },
  );

  it.each([10, 60])('with packets of %i ms both ways, as it asks', async (ptimeMs) => {
    const { phone, agent } = await callBy('PCMU/8000/1', { account: [`ptime=${ptimeMs}`] });
    await established(phone);
    await hears(agent);
    await pause(1_000);
    expect(listenFor(await stop(phone), agentToneHz).toneMs).toBeGreaterThan(500);
  });

  it('with a wrong password: it is told, and gives up', async () => {
    const { phone } = await callBy('PCMU/8000/1', { password: 'not-the-password' });
    await eventually('the call is closed', () => phone.has('CALL_CLOSED'));
    expect(phone.events.find((event) => event.type === 'CALL_CLOSED')?.param).toMatch(/40[137]/);
  });

  it('is ended by the room', async () => {
    const { phone, agent } = await callBy('PCMU/8000/1');
    await established(phone);
    await eventually('the participant is seen', () => agent.others.length === 1);
    const [identity = ''] = agent.others;
    await stack.rooms.removeParticipant(`desk_${numbers[(called - 1) % numbers.length]}`, identity);
    await eventually('the call is closed', () => phone.has('CALL_CLOSED'));
  });
});
