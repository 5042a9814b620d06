/** What the room contract stands on: a room client under test, everything that it reported, and sound for it. */
import { OpusDecoder } from '../audio/opus.ts';
import { OpusEncoder } from '../audio/opus-encoder.ts';
import { addTone, toneShare } from '../audio/tone.ts';
import type { RoomAnswer, RoomRequest } from '../media-session.ts';
import type { RoomHarness } from './room.contract.ts';
import type { EncodedFrame, Room, RoomCodec } from './room.ts';

/** A room client under test and everything that it reported. */
export class JoinedRoom {
  readonly room: Room;
  /** Of the room. */
  readonly name: string;
  readonly events: string[] = [];
  readonly ended: string[] = [];
  readonly digits: string[] = [];
  readonly requests: RoomRequest[] = [];
  answer: RoomAnswer = { payload: '{}' };
  joined = 0;
  attributes: Readonly<Record<string, string>> = {};
  tracks: { readonly id: string; readonly participant: string }[] = [];
  readonly #harness: RoomHarness;
  readonly #token: Promise<string>;
  readonly #heard = new Map<string, { decoder: OpusDecoder; samples: number[] }>();

  constructor(harness: RoomHarness, room: string, identity: string, secret?: string) {
    this.#harness = harness;
    this.name = room;
    this.#token = harness.token(room, identity, secret);
    this.room = harness.createRoom({
      onJoined: () => {
        this.events.push('joined');
        this.joined++;
      },
      onSubscribed: () => this.events.push('subscribed'),
      onTrack: (track) => {
        this.events.push('track');
        this.tracks.push({ id: track.id, participant: track.participant });
      },
      onTrackEnded: ({ id }) => {
        this.events.push('track-ended');
        this.tracks = this.tracks.filter((track) => track.id !== id);
      },
      onFrame: ({ id }, frame) => this.#onFrame(id, frame),
      onAttributes: (attributes) => {
        this.attributes = { ...attributes };
      },
      onDigits: (digits) => this.digits.push(digits),
      onRequest: (request) => {
        this.requests.push(request);
        this.room.respond(request, this.answer);
      },
      onEnded: (reason) => {
        this.events.push('ended');
        this.ended.push(reason);
      },
    });
  }

  async start(
    options: { readonly wait?: boolean; readonly timeoutMs?: number } = {},
  ): Promise<void> {
    const { wait = true, timeoutMs = 9_000 } = options;
    const { url } = this.#harness;
    this.room.join({ url, token: await this.#token, timeoutMs, trackName: 'caller track' });
    if (wait) await until(() => this.joined > 0 || this.ended.length > 0);
    if (wait && this.ended.length > 0) throw new Error(`the room ended: ${this.ended[0]}`);
  }

  /** Sends a tone in real time, in the codec that the client takes. */
  play(frequencyHz: number): void {
    const codec = this.room.sendCodecs[0] ?? 'opus';
    const encode = frameMaker(codec, frequencyHz);
    let sent = 0;
    const startedAt = performance.now();
    const timer = setInterval(() => {
      for (const due = (performance.now() - startedAt) / 20; sent < due; sent++) {
        this.room.send(encode(sent), -18);
      }
    }, 5);
    const leave = this.room.leave.bind(this.room);
    this.room.leave = () => {
      clearInterval(timer);
      return leave();
    };
  }

  /** The largest share of a tone in the last half second of any one track. */
  hears(frequencyHz: number): number {
    const shares = [...this.#heard.values()].map(({ samples }) =>
      samples.length < 4_000
        ? 0
        : toneShare(Int16Array.from(samples.slice(-4_000)), frequencyHz, 8_000),
    );
    return Math.max(0, ...shares);
  }

  #onFrame(id: string, frame: EncodedFrame): void {
    let heard = this.#heard.get(id);
    if (heard === undefined) {
      heard = { decoder: new OpusDecoder(8_000), samples: [] };
      this.#heard.set(id, heard);
    }
    if (frame.codec === 'opus') heard.samples.push(...(heard.decoder.decode(frame.payload) ?? []));
    if (frame.codec === 'L16') {
      // 48 kHz: every sixth sample is enough to find a tone far below 4 kHz.
      for (let at = 0; at + 1 < frame.payload.length; at += 12) {
        heard.samples.push(Buffer.from(frame.payload).readInt16LE(at));
      }
    }
  }
}

/** Makes the frame number n of a tone. */
function frameMaker(codec: RoomCodec, frequencyHz: number): (index: number) => EncodedFrame {
  const encoder = new OpusEncoder(48_000);
  return (index) => {
    const samples = new Int16Array(960);
    const fromSample = index * 960;
    addTone(samples, { frequencyHz, rateHz: 48_000, amplitude: 8_000, fromSample });
    return {
      codec,
      ssrc: 0,
      payload: codec === 'L16' ? new Uint8Array(samples.buffer) : encoder.encode(samples),
      timestamp: fromSample,
      sequence: index & 0xffff,
      marker: index === 0,
    };
  };
}

/** Waits for `check`; @throws after twenty seconds. */
export async function until(check: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!check()) {
    if (performance.now() > end) throw new Error(`not within 20 s: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
