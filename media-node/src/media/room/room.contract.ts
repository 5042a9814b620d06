/**
 * What every room client promises, as a test against a real livekit-server and participants of LiveKit's own SDK. A client is proven by handing its
 * harness to `describeRoom`; what one of them cannot do has no place here.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { OpusDecoder, OpusEncoder } from '../audio/opus.ts';
import { addTone, toneShare } from '../audio/tone.ts';
import type { EncodedFrame, Room, RoomCodec, RoomEvents } from './room.ts';

/** A participant that is not ours. */
export interface OtherParticipant {
  /** Publishes a track that plays a tone. @returns stops and unpublishes it */
  play(frequencyHz: number): Promise<() => Promise<void>>;
  /** Publishes a video track. */
  showVideo(): Promise<void>;
  /** Mutes what it plays. */
  mute(): Promise<void>;
  /** Share of a tone in the last second that it heard of all others; 0 while it heard less. */
  hears(frequencyHz: number): number;
  /** Asks for digits to be sent to the phone. */
  dial(digits: string): Promise<void>;
  /** Digits that phones sent, in order. */
  readonly digits: readonly string[];
  /** Whom it sees, by identity. */
  sees(identity: string): {
    readonly kind: 'sip' | 'other';
    readonly attributes: Readonly<Record<string, string>>;
    readonly tracks: readonly string[];
  } | null;
  leave(): Promise<void>;
}

export interface RoomHarness {
  readonly url: string;
  createRoom(events: RoomEvents): Room;
  /** A token of kind SIP for a room and an identity, with the attribute sip.trunkID = ST_contract; `secret` other than the server's makes it invalid. */
  token(room: string, identity: string, secret?: string): Promise<string>;
  joinOther(room: string, identity: string): Promise<OtherParticipant>;
  /** Sets attributes of a participant as who manages the room does. */
  setAttributesOf(
    room: string,
    identity: string,
    attributes: Readonly<Record<string, string>>,
  ): Promise<void>;
  deleteRoom(room: string): Promise<void>;
  removeParticipant(room: string, identity: string): Promise<void>;
}

/** Runs the contract. @param harness called for each test */
export function describeRoom(name: string, harness: () => RoomHarness): void {
  const closers: (() => Promise<unknown>)[] = [];
  let rooms = 0;
  const freshRoom = () => `contract-${name}-${++rooms}`;

  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function join(room: string, identity = 'caller'): Promise<JoinedRoom> {
    const joined = new JoinedRoom(harness(), room, identity);
    closers.push(() => joined.room.leave());
    await joined.start();
    return joined;
  }

  async function other(room: string, identity = 'agent'): Promise<OtherParticipant> {
    const participant = await harness().joinOther(room, identity);
    closers.push(() => participant.leave());
    return participant;
  }

  describe(`${name}: being in a room`, () => {
    it('joins once, is seen as a SIP participant with its track, and is heard', async () => {
      const room = freshRoom();
      const agent = await other(room);
      const caller = await join(room);
      await until(() => caller.joined === 1);
      caller.play(440);
      await until(() => agent.hears(440) > 0.9);
      expect(agent.sees('caller')).toMatchObject({ kind: 'sip', tracks: ['caller track'] });
      expect(caller.ended).toEqual([]);
      expect(caller.joined).toBe(1);
    });

    it('sets attributes, also those asked for before it was there', async () => {
      const room = freshRoom();
      const agent = await other(room);
      const caller = new JoinedRoom(harness(), room, 'caller');
      closers.push(() => caller.room.leave());
      caller.room.setAttributes({ 'sip.callStatus': 'ringing' });
      await caller.start();
      await until(() => agent.sees('caller')?.attributes['sip.callStatus'] === 'ringing');
      caller.room.setAttributes({ 'sip.callStatus': 'active', other: 'x' });
      await until(() => agent.sees('caller')?.attributes['sip.callStatus'] === 'active');
      expect(agent.sees('caller')?.attributes).toMatchObject({ other: 'x' });
    });

    it('is told its attributes, whoever set them', async () => {
      const caller = await join(freshRoom());
      expect(caller.attributes).toMatchObject({ 'sip.trunkID': 'ST_contract' });
      caller.room.setAttributes({ own: 'x' });
      await until(() => caller.attributes['own'] === 'x');
      await harness().setAttributesOf(caller.name, 'caller', { others: 'y', own: '' });
      await until(() => caller.attributes['others'] === 'y');
      expect(caller.attributes).toMatchObject({ 'sip.trunkID': 'ST_contract' });
      expect(caller.attributes['own'] ?? '').toBe('');
    });

    it('carries digits both ways', async () => {
      const room = freshRoom();
      const agent = await other(room);
      const caller = await join(room);
      // The server drops what a participant says before the others know of it.
      await until(() => agent.sees('caller') !== null);
      for (const digit of '42#a') caller.room.sendDigit(digit);
      await until(() => agent.digits.length === 4);
      await agent.dial('1w2');
      await until(() => caller.digits.length === 1);
      expect(agent.digits).toEqual(['4', '2', '#', 'a']);
      expect(caller.digits).toEqual(['1w2']);
    });

    it('leaves at once, and nothing is reported afterwards', async () => {
      const room = freshRoom();
      const agent = await other(room);
      const caller = await join(room);
      await until(() => agent.sees('caller') !== null);
      const before = caller.events.length;
      await Promise.all([caller.room.leave(), caller.room.leave()]);
      await until(() => agent.sees('caller') === null);
      expect(caller.events.slice(before)).toEqual([]);
    });

    it('leaves while it is still joining', async () => {
      const caller = new JoinedRoom(harness(), freshRoom(), 'caller');
      await caller.start({ wait: false });
      await caller.room.leave();
      expect(caller.events).toEqual([]);
    });
  });

  describe(`${name}: hearing others`, () => {
    it('hears a track that was there before, and is told of it once', async () => {
      const room = freshRoom();
      const agent = await other(room);
      await agent.play(1_000);
      const caller = await join(room);
      await until(() => caller.hears(1_000) > 0.9);
      expect(caller.tracks.map((track) => track.participant)).toEqual(['agent']);
    });

    it('hears tracks that come later, more of them than it had expected', async () => {
      const room = freshRoom();
      const caller = await join(room);
      const frequencies = [400, 600, 800, 1_000, 1_200];
      for (const frequency of frequencies) {
        await (await other(room, `talker-${frequency}`)).play(frequency);
      }
      await until(() => frequencies.every((frequency) => caller.hears(frequency) > 0.9));
      expect(caller.tracks.map((track) => track.participant).sort()).toEqual(
        frequencies.map((frequency) => `talker-${frequency}`).sort(),
      );
    });

    it('is told when a track is unpublished, and hears the next one', async () => {
      const room = freshRoom();
      const agent = await other(room);
      const stop = await agent.play(700);
      const caller = await join(room);
      await until(() => caller.hears(700) > 0.9);
      await stop();
      await until(() => caller.tracks.length === 0);
      await agent.play(900);
      await until(() => caller.hears(900) > 0.9);
    });

    it('is told when a talker leaves', async () => {
      const room = freshRoom();
      const agent = await other(room);
      await agent.play(700);
      const caller = await join(room);
      await until(() => caller.tracks.length === 1);
      await agent.leave();
      await until(() => caller.tracks.length === 0);
    });

    it('counts a muted track as one that can be heard', async () => {
      const room = freshRoom();
      const agent = await other(room);
      await agent.play(700);
      await agent.mute();
      const caller = await join(room);
      await until(() => caller.tracks.length === 1);
    });

    it('takes no notice of video', async () => {
      const room = freshRoom();
      const agent = await other(room);
      await agent.showVideo();
      const caller = await join(room);
      await agent.play(700);
      await until(() => caller.hears(700) > 0.9);
      expect(caller.tracks.length).toBe(1);
    });

    it('does not hear itself', async () => {
      const room = freshRoom();
      const caller = await join(room);
      caller.play(440);
      const second = await join(room, 'second');
      await until(() => second.hears(440) > 0.9);
      expect(second.tracks.map((track) => track.participant)).toEqual(['caller']);
      expect(caller.tracks.map((track) => track.participant)).toEqual(['second']);
    });
  });

  describe(`${name}: endings`, () => {
    it('participant-removed', async () => {
      const room = freshRoom();
      const caller = await join(room);
      await harness().removeParticipant(room, 'caller');
      await until(() => caller.ended.length === 1);
      expect(caller.ended).toEqual(['participant-removed']);
    });

    it('room-deleted', async () => {
      const room = freshRoom();
      const caller = await join(room);
      await harness().deleteRoom(room);
      await until(() => caller.ended.length === 1);
      expect(caller.ended).toEqual(['room-deleted']);
    });

    it('duplicate-identity', async () => {
      const room = freshRoom();
      const caller = await join(room);
      await join(room);
      await until(() => caller.ended.length === 1);
      expect(caller.ended).toEqual(['duplicate-identity']);
    });

    it('room-refused: a token that the server does not take', async () => {
      const caller = new JoinedRoom(harness(), freshRoom(), 'caller', 'another-secret'.repeat(4));
      closers.push(() => caller.room.leave());
      await caller.start({ wait: false });
      await until(() => caller.ended.length === 1);
      expect(caller.ended).toEqual(['room-refused']);
    });

    it.each([
      ['nobody listens there', 'ws://127.0.0.1:9'],
      ['it is no URL', 'not a url'],
      ['nothing answers', 'ws://192.0.2.1:7880'],
    ])('room-unreachable in time: %s', async (_what, url) => {
      const caller = new JoinedRoom({ ...harness(), url }, freshRoom(), 'caller');
      closers.push(() => caller.room.leave());
      const startedAt = performance.now();
      await caller.start({ wait: false, timeoutMs: 1_500 });
      await until(() => caller.ended.length === 1);
      expect(caller.ended).toEqual(['room-unreachable']);
      expect(performance.now() - startedAt).toBeLessThan(3_000);
    });
  });
}

/** A room client under test and everything that it reported. */
class JoinedRoom {
  readonly room: Room;
  /** Of the room. */
  readonly name: string;
  readonly events: string[] = [];
  readonly ended: string[] = [];
  readonly digits: string[] = [];
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
      onEnded: (reason) => {
        this.events.push('ended');
        this.ended.push(reason);
      },
    });
  }

  async start(
    options: { readonly wait?: boolean; readonly timeoutMs?: number } = {},
  ): Promise<void> {
    const { wait = true, timeoutMs = 5_000 } = options;
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

/** Waits for `check`; @throws after ten seconds. */
async function until(check: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!check()) {
    if (performance.now() > end) throw new Error(`not within 10 s: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
