import { systemClock } from '@callgate/media-node/src/clock.ts';
import { toneShare } from '@callgate/media-node/src/media/audio/tone.ts';
import { createMediaPool } from '@callgate/media-node/src/media/media-pool.ts';
import type {
  MediaEvent,
  MediaPool,
  MediaSession,
  PhoneStream,
} from '@callgate/media-node/src/media/media-session.ts';
import type { Log } from '@callgate/media-node/src/ops/log.ts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type LivekitServer, startLivekitServer } from '../local/livekit-server.ts';
import { eventually } from './routed-stack.ts';
import { RtpPhone } from './rtp-phone.ts';
import { participantRateHz, roomToken, ToneParticipant } from './tone-participant.ts';

let server: LivekitServer;
let pool: MediaPool;
const lines: string[] = [];
const log: Log = (level, event, fields) => lines.push(JSON.stringify({ level, event, ...fields }));

beforeAll(async () => {
  server = await startLivekitServer({ say: () => {} });
  pool = createMediaPool({
    address: '127.0.0.1',
    advertise: null,
    portRange: { from: 41_000, to: 41_999 },
    clock: systemClock,
    log,
  });
});
afterAll(async () => {
  await pool?.close();
  await server?.stop();
});

interface Call {
  readonly session: MediaSession;
  readonly phone: RtpPhone;
  readonly events: MediaEvent[];
  kinds(): string[];
}

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function streamTo(phone: RtpPhone, change: Partial<PhoneStream> = {}): PhoneStream {
  return {
    codec: 'PCMU',
    payloadType: 0,
    clockRateHz: 8_000,
    telephoneEventPayloadType: 101,
    ptimeMs: 20,
    remote: phone.address,
    send: true,
    receive: true,
    srtp: null,
    ...change,
  };
}

async function openCall(): Promise<Call> {
  const events: MediaEvent[] = [];
  const session = await pool.open('SCL_test', (event) => events.push(event));
  closers.push(() => session.close());
  const phone = await RtpPhone.open();
  closers.push(() => phone.close());
  session.setStream(streamTo(phone));
  return { session, phone, events, kinds: () => events.map((event) => event.kind) };
}

async function joinRoom(call: Call, room: string, identity = 'sip_caller'): Promise<void> {
  const token = await roomToken(server, room, identity, 'sip');
  call.session.join({ url: server.url, token, timeoutMs: 4_500 });
}

async function joinTalker(room: string, identity = 'agent'): Promise<ToneParticipant> {
  const participant = await ToneParticipant.join(server, room, identity);
  closers.push(() => participant.leave());
  return participant;
}

const patience = { firstMediaMs: 30_000, silenceMs: 15_000 };

describe('a call between a phone and a room', () => {
  it('carries a tone each way', async () => {
    const call = await openCall();
    const agent = await joinTalker('two-ways');
    await agent.play(1_000);
    await joinRoom(call, 'two-ways');
    await eventually('audible', () => call.kinds().includes('audible'));
    expect(call.kinds()).toEqual(['joined', 'audible']);
    call.session.connect(patience);
    call.phone.play(440, call.session.local);
    await eventually(
      'a second of audio',
      () => agent.heardMs > 2_500 && call.phone.packets.length > 100,
    );
    expect(toneShare(call.phone.heard(1_000), 1_000, 8_000)).toBeGreaterThan(0.9);
    expect(toneShare(agent.heard(1_000), 440, participantRateHz)).toBeGreaterThan(0.9);
    expect(call.kinds()).toContain('first-audio');
    const stats = await call.session.close();
    expect(stats).toMatchObject({ codec: 'PCMU', packetsLost: 0, packetsForeign: 0 });
  });
});
