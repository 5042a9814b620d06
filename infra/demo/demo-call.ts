/**
 * The call of the demo: trunk and rule by LiveKit's own SDK, an agent in the room, our phone with credentials; who hears what, and what
 * was recorded of it. Then two calls that must be refused.
 */
import { AccessToken, SipClient } from 'livekit-server-sdk';
import type { CallRecord } from '../../shared/src/contract/record.ts';
import { Agent, agentRateHz } from '../agent/agent.ts';
import { tone } from '../audio/tone.ts';
import type { Sound } from '../audio/wav.ts';
import type { Stack } from '../local/stack.ts';
import type { CallAnswer } from '../phone/phone-call.ts';
import { phoneRateHz } from '../phone/rtp-stream.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { CallTimeline, type TimelineEntry } from '../phone/timeline.ts';

/** What each side says. Not harmonics of each other. */
export const phoneToneHz = 440;
export const agentToneHz = 1_000;

const number = '+15550100';
const unknownNumber = '+15550999';
const caller = '+15550199';
const credentials = { user: 'alice', password: 'correct horse battery staple' };
const roomName = 'demo';

/** How long both talk, ms. */
const talkMs = 3_000;
/** From BYE to the record at the edge, ms at most. */
const recordMs = 5_000;

export interface DemoCall {
  readonly answer: CallAnswer;
  readonly timeline: readonly TimelineEntry[];
  readonly heardByPhone: Sound;
  readonly heardByAgent: Sound;
  /** Who was seen in the room; null: nobody came. */
  readonly callId: string | null;
  /** As the edge has it; null: it did not come in time. */
  readonly record: CallRecord | null;
}

export interface Demo {
  readonly call: DemoCall;
  readonly wrongPassword: CallAnswer;
  readonly unknownNumber: CallAnswer;
}

/** Runs the three calls on a stack that holds no routing yet. */
export async function runDemo(stack: Stack, say: (text: string) => void): Promise<Demo> {
  const { apiKey, apiSecret } = stack.livekit;
  const sip = new SipClient(stack.edge.url, apiKey, apiSecret);
  const trunk = await sip.createSipInboundTrunk('demo phones', [number], {
    authUsername: credentials.user,
    authPassword: credentials.password,
  });
  const rule = await sip.createSipDispatchRule(
    { type: 'direct', roomName, pin: '' },
    { name: 'demo room', trunkIds: [trunk.sipTrunkId] },
  );
  say(
    `trunk ${trunk.sipTrunkId} takes calls to ${number}; rule ${rule.sipDispatchRuleId} sends them to room "${roomName}"`,
  );
  const phone = await SipPhone.open();
  try {
    const call = await placeCall(stack, phone, say);
    const refused = async (to: string, password: string) => {
      const attempt = await phone.call({
        target: sipTarget(stack),
        to,
        from: caller,
        credentials: { ...credentials, password },
      });
      return attempt.answer;
    };
    return {
      call,
      wrongPassword: await refused(number, 'not the password'),
      unknownNumber: await refused(unknownNumber, credentials.password),
    };
  } finally {
    phone.close();
  }
}

async function placeCall(
  stack: Stack,
  phone: SipPhone,
  say: (text: string) => void,
): Promise<DemoCall> {
  const timeline = new CallTimeline();
  let callId: string | null = null;
  let isAgentHearing: () => void = () => {};
  const agentHears = new Promise<void>((settle) => {
    isAgentHearing = settle;
  });
  const agent = await Agent.join({
    livekit: stack.livekit,
    room: roomName,
    says: tone({ frequencyHz: agentToneHz, sampleRateHz: agentRateHz }),
    events: {
      onParticipant: ({ identity, attributes }) => {
        callId = attributes['sip.callID'] ?? null;
        timeline.note(`room joined: ${identity}`);
      },
      onPublished: () => timeline.note("track published: the agent's"),
      onFirstSound: () => {
        timeline.note('first audio in the room');
        isAgentHearing();
      },
      onParticipantLeft: (identity) => timeline.note(`room left: ${identity}`),
    },
  });
  try {
    say(`an agent waits in room "${roomName}"; calling ${number} as ${caller}`);
    const call = await phone.call({
      target: sipTarget(stack),
      to: number,
      from: caller,
      credentials,
      timeline,
      says: tone({ frequencyHz: phoneToneHz, sampleRateHz: phoneRateHz }),
    });
    const answer = await call.answer;
    if (answer.kind === 'answered') {
      // A call that stays mute is hung up too; the tones tell.
      await Promise.race([agentHears, pause(talkMs)]);
      await pause(talkMs);
      call.hangUp();
      await call.ended;
    }
    const record = callId === null ? null : await fetchRecord(stack, callId);
    if (record !== null) timeline.note(`record at the edge: ${record.reason}`);
    return {
      answer,
      timeline: timeline.entries,
      heardByPhone: call.heard(),
      heardByAgent: agent.heard(),
      callId,
      record,
    };
  } finally {
    await agent.leave();
  }
}

/** The last record of a call, read back as an operator would. */
async function fetchRecord(stack: Stack, callId: string): Promise<CallRecord | null> {
  const token = new AccessToken(stack.livekit.apiKey, stack.livekit.apiSecret, { ttl: 60 });
  token.addSIPGrant({ admin: true });
  const authorization = `Bearer ${await token.toJwt()}`;
  const deadline = performance.now() + recordMs;
  while (performance.now() < deadline) {
    const response = await fetch(`${stack.edge.url}/v1/calls/${callId}`, {
      headers: { authorization },
    });
    if (response.ok) {
      const body = (await response.json()) as { records: { record: CallRecord }[] };
      // The first record is the INVITE that was challenged; the call itself comes after it.
      const record = body.records.map((row) => row.record).find((one) => one.sip_status === 200);
      if (record !== undefined) return record;
    }
    await pause(50);
  }
  return null;
}

function sipTarget(stack: Stack): { address: string; port: number } {
  const colon = stack.node.sip.lastIndexOf(':');
  return { address: stack.node.sip.slice(0, colon), port: Number(stack.node.sip.slice(colon + 1)) };
}

function pause(ms: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, ms));
}
