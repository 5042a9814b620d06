/** Calls below SIP for tests: a real livekit-server, the media pool in this process, phones that are RTP sockets, talkers by LiveKit's own SDK. */
import { systemClock } from '@callgate/media-node/src/clock.ts';
import {
  LocalMediaPool,
  type LocalMediaPoolOptions,
} from '@callgate/media-node/src/media/local-media-pool.ts';
import type {
  MediaEvent,
  MediaPool,
  MediaSession,
  PhoneStream,
} from '@callgate/media-node/src/media/media-session.ts';
import { silentLog } from '@callgate/media-node/src/ops/log.ts';
import { type LivekitServer, startLivekitServer } from '../local/livekit-server.ts';
import { RtpPhone } from './rtp-phone.ts';
import { roomToken, ToneParticipant } from './tone-participant.ts';

export interface MediaCall {
  readonly session: MediaSession;
  readonly phone: RtpPhone;
  readonly events: MediaEvent[];
  kinds(): string[];
}

/** What a PCMU phone and the node agreed on. */
export function streamTo(phone: RtpPhone, change: Partial<PhoneStream> = {}): PhoneStream {
  return {
    codec: 'PCMU',
    payloadType: 0,
    clockRateHz: 8_000,
    telephoneEvent: { payloadType: 101, clockRateHz: 8_000 },
    ptimeMs: 20,
    opus: null,
    remote: phone.address,
    send: true,
    receive: true,
    srtp: null,
    ...change,
  };
}

export class MediaCalls {
  readonly server: LivekitServer;
  readonly pool: MediaPool;
  /** What a test has opened, closed by `closeAll` in reverse. */
  readonly closers: (() => Promise<unknown>)[] = [];

  private constructor(server: LivekitServer, pool: MediaPool) {
    this.server = server;
    this.pool = pool;
  }

  /** @param change of the pool, such as the client that the calls join rooms with */
  static async start(change: Partial<LocalMediaPoolOptions> = {}): Promise<MediaCalls> {
    const server = await startLivekitServer({ say: () => {} });
    const pool = new LocalMediaPool({
      address: '127.0.0.1',
      advertise: null,
      roomAddress: '127.0.0.1',
      portRange: { from: 23_000, to: 23_999 },
      clock: systemClock,
      log: silentLog,
      ...change,
    });
    return new MediaCalls(server, pool);
  }

  async open(): Promise<MediaCall> {
    const events: MediaEvent[] = [];
    const session = await this.pool.open('SCL_test', (event) => events.push(event));
    this.closers.push(() => session.close());
    const phone = await RtpPhone.open();
    this.closers.push(() => phone.close());
    session.setStream(streamTo(phone));
    return { session, phone, events, kinds: () => events.map((event) => event.kind) };
  }

  async joinRoom(call: MediaCall, room: string, identity = 'sip_caller'): Promise<void> {
    const token = await roomToken(this.server, room, identity, 'sip');
    call.session.join({ url: this.server.url, token, timeoutMs: 9_000 });
  }

  async joinTalker(room: string, identity = 'agent'): Promise<ToneParticipant> {
    const participant = await ToneParticipant.join(this.server, room, identity);
    this.closers.push(() => participant.leave());
    return participant;
  }

  async closeAll(): Promise<void> {
    for (const close of this.closers.splice(0).reverse()) await close();
  }

  async stop(): Promise<void> {
    await this.pool.close();
    await this.server.stop();
  }
}
