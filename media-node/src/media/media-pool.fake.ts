/** Media for tests: sessions that note what was asked of them and raise the events a test wants. */
import type {
  MediaEvent,
  MediaPool,
  MediaSession,
  MediaStats,
  PhoneStream,
  RoomAnswer,
  SoundOptions,
} from './media-session.ts';

const noFigures: MediaStats = {
  codec: 'PCMU',
  packetsReceived: 0,
  packetsSent: 0,
  packetsLost: 0,
  packetsForeign: 0,
  jitterMs: 0,
  packetsLostAtPhone: 0,
  roundTripMs: null,
  mos: null,
};

export class FakeMediaSession implements MediaSession {
  readonly local = { address: '192.0.2.1', port: 20_000 };
  readonly asked: string[] = [];
  readonly raise: (event: MediaEvent) => void;
  stream: PhoneStream | null = null;
  isClosed = false;

  constructor(raise: (event: MediaEvent) => void) {
    this.raise = raise;
  }

  setStream(stream: PhoneStream): void {
    this.stream = stream;
  }

  join(room: { readonly url: string }): void {
    this.asked.push(`join ${room.url}`);
  }

  preview(): void {
    this.asked.push('preview');
  }

  connect(timeouts: { readonly firstMediaMs: number; readonly silenceMs: number }): void {
    this.asked.push(`connect ${timeouts.firstMediaMs} ${timeouts.silenceMs}`);
  }

  setAttributes(attributes: Readonly<Record<string, string>>): void {
    this.asked.push(`attributes ${JSON.stringify(attributes)}`);
  }

  play(sound: string, options: SoundOptions = {}): void {
    const chosen = JSON.stringify(options);
    this.asked.push(chosen === '{}' ? `play ${sound}` : `play ${sound} ${chosen}`);
  }

  respond(request: { readonly id: string }, answer: RoomAnswer): void {
    this.asked.push(`respond ${request.id} ${JSON.stringify(answer)}`);
  }

  stopSound(): void {
    this.asked.push('stop sound');
  }

  receiveDigit(digit: string): void {
    this.raise({ kind: 'digit', digit });
  }

  async close(): Promise<MediaStats | null> {
    this.isClosed = true;
    return noFigures;
  }
}

export class FakeMediaPool implements MediaPool {
  readonly isReady = true;
  readonly sessions: FakeMediaSession[] = [];
  /** When set, the next open fails with it. */
  failure: Error | null = null;

  async open(_callId: string, onEvent: (event: MediaEvent) => void): Promise<MediaSession> {
    if (this.failure !== null) throw this.failure;
    const session = new FakeMediaSession(onEvent);
    this.sessions.push(session);
    return session;
  }

  /** Media that runs in this process dies with it. */
  readonly restarts = 0;

  stats() {
    const open = this.sessions.filter((session) => !session.isClosed).length;
    return { sessions: open, rtpPortsBound: open, residentBytes: 0, coresUsed: 0 };
  }

  figures() {
    return [];
  }

  async close(): Promise<void> {
    for (const session of this.sessions) await session.close();
  }
}
