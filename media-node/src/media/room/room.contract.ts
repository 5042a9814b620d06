/**
 * What every room client promises, as a test against a real livekit-server and participants of LiveKit's own SDK. A client is proven by handing its
 * harness to `describeRoom`; what one of them cannot do has no place here.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { JoinedRoom, until } from './joined-room.contract.ts';
import type { Room, RoomEvents } from './room.ts';

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
  /** Asks something of a participant (RPC). Rejects with LiveKit's error. */
  ask(identity: string, method: string, payload: string): Promise<string>;
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

    it('answers requests of participants, and those it does not know with an error', async () => {
      const room = freshRoom();
      const caller = await join(room);
      const agent = await other(room);
      await until(() => agent.sees('caller') !== null);
      caller.answer = { payload: '{"a":1}' };
      expect(await agent.ask('caller', 'lk.sip.EndCall', '{"b":2}')).toBe('{"a":1}');
      expect(caller.requests).toMatchObject([
        { caller: 'agent', method: 'lk.sip.EndCall', payload: '{"b":2}' },
      ]);
      caller.answer = { code: 1_500, message: 'wrong' };
      const failed = agent.ask('caller', 'lk.sip.GetRemoteHeaders', 'x');
      await expect(failed).rejects.toMatchObject({ code: 1_500, message: 'wrong' });
      const unknown = agent.ask('caller', 'dance', '');
      await expect(unknown).rejects.toMatchObject({ code: 1_400 });
      expect(caller.requests.length).toBe(2);
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
      // Whether it is said beforehand that the track will come is up to the client.
      expect(caller.events.filter((event) => event !== 'subscribed')).toEqual(['joined', 'track']);
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
      // What the system itself waits for an answer from nobody is two minutes.
      expect(performance.now() - startedAt).toBeLessThan(8_000);
    });
  });
}
