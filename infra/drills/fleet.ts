/**
 * Many calls at once, each into a room of its own with somebody there who speaks: what a drill breaks something under. Counts what a caller would
 * notice: audio, BYE, a final answer; and what a room would: participants that stay behind.
 */
import { ParticipantInfo_Kind } from '@livekit/protocol';
import { RoomServiceClient } from 'livekit-server-sdk';
import { joinDeaf, type RoomListener } from '../bench/room-listener.ts';
import { dial, pause } from '../e2e/phone-calls.ts';
import { deskRoom } from '../e2e/routed-stack.ts';
import type { CallAnswer, PhoneCall } from '../phone/phone-call.ts';
import type { LineOptions } from '../phone/rtp-stream.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { loop, secondOfTone } from './looped-tone.ts';
import type { Subject } from './subject.ts';

/** Calls placed a second: a set-up costs more than a call, and set-ups are not what is drilled. */
const placedPerSecond = 5;
const packetsPerSecond = 50;
/** A machine that others use, too, may refuse a call that it would take a second later. */
const attemptsMax = 6;

export interface FleetCall {
  readonly number: string;
  readonly call: PhoneCall;
  readonly listener: RoomListener;
  /** When the other side ended it, ms on the monotonic clock; null: it has not. */
  byeAtMono: number | null;
}

export class Fleet {
  readonly calls: FleetCall[] = [];
  /** Every call ever placed, those that were refused included. */
  readonly placed: PhoneCall[] = [];
  readonly #subject: Subject;
  readonly #rooms: RoomServiceClient;
  readonly #phone: SipPhone;
  readonly #line: LineOptions;
  readonly #listeners: RoomListener[] = [];
  /** Encoded once and said in every room. */
  readonly #voice = secondOfTone();

  private constructor(subject: Subject, phone: SipPhone, line: LineOptions) {
    const { url, apiKey, apiSecret } = subject.livekit;
    this.#subject = subject;
    this.#rooms = new RoomServiceClient(url.replace(/^ws/, 'http'), apiKey, apiSecret);
    this.#phone = phone;
    this.#line = { isRecorded: false, ...line };
  }

  /** Places `count` calls. @throws Error when one of them is not answered or stays without audio */
  static async up(subject: Subject, count: number, line: LineOptions = {}): Promise<Fleet> {
    const fleet = new Fleet(subject, await SipPhone.open('127.0.0.2'), line);
    const starts: Promise<FleetCall>[] = [];
    for (const number of subject.numbers.slice(0, count)) {
      const start = fleet.place(number);
      // Awaited below; until then nobody else hears of a failure.
      start.catch(() => {});
      starts.push(start);
      await pause(1_000 / placedPerSecond);
    }
    try {
      fleet.calls.push(...(await Promise.all(starts)));
      await fleet.#waitForAudio();
    } catch (error) {
      await Promise.allSettled(starts);
      await fleet.close();
      throw error;
    }
    return fleet;
  }

  /** A busy machine needs a moment after so many set-ups. */
  async #waitForAudio(): Promise<void> {
    let flowing = 0;
    for (let look = 0; look < 10; look += 1) {
      flowing = await this.flowing();
      if (flowing === this.calls.length) return;
    }
    throw new Error(
      `of ${this.calls.length} calls only ${flowing} have audio; is the machine busy?`,
    );
  }

  /** A call that must be answered; a 503 is asked again after a while, as a provider does. @throws Error when it is not */
  async place(number: string, through?: string): Promise<FleetCall> {
    const listener = await this.listen(number);
    for (let attempt = 1; ; attempt += 1) {
      const call = await this.dial(number, through === undefined ? {} : { through });
      const answer = await call.answer;
      if (answer.kind === 'answered') return follow({ number, call, listener, byeAtMono: null });
      if (attempt === attemptsMax)
        throw new Error(`the call to ${number} had to be answered; got ${JSON.stringify(answer)}`);
      await pause(attempt * 1_000);
    }
  }

  /** Somebody who speaks in the room of a number. */
  async listen(number: string): Promise<RoomListener> {
    const listener = await joinDeaf(this.#subject.livekit, deskRoom(number), loop(this.#voice));
    this.#listeners.push(listener);
    return listener;
  }

  /**
   * A call, whatever becomes of it.
   * @param options.from who calls; two in one room must differ
   * @param options.through where the INVITE goes; absent: to the subject
   */
  async dial(
    number: string,
    options: { readonly from?: string; readonly through?: string } = {},
  ): Promise<PhoneCall> {
    const call = await dial({ node: { sip: this.#subject.sip } }, this.#phone, number, {
      line: this.#line,
      ...options,
    });
    this.placed.push(call);
    return call;
  }

  /** The final answer of one more call and how long it took, ms. An answered call is hung up at once. */
  async tryOne(number: string): Promise<{ readonly answer: CallAnswer; readonly ms: number }> {
    const startedAt = performance.now();
    const call = await this.dial(number);
    const answer = await call.answer;
    const ms = Math.round(performance.now() - startedAt);
    if (answer.kind === 'answered') {
      call.hangUp();
      await call.ended;
    }
    return { answer, ms };
  }

  /** Calls that nobody has ended. */
  get alive(): readonly FleetCall[] {
    return this.calls.filter(({ call }) => !call.isOver);
  }

  get toldByBye(): number {
    return this.calls.filter(({ byeAtMono }) => byeAtMono !== null).length;
  }

  /** Calls whose phone gets at least half of its packets over two seconds: audio that flows, also on a machine that others use. */
  async flowing(): Promise<number> {
    const before = this.calls.map(({ call }) => call.packets.received);
    const startedAt = performance.now();
    await pause(2_000);
    const due = ((performance.now() - startedAt) / 1_000) * packetsPerSecond;
    return this.calls.filter(({ call }, i) => call.packets.received - (before[i] ?? 0) >= 0.5 * due)
      .length;
  }

  /** Callers that LiveKit still shows in the rooms of these calls. */
  async lingering(of: readonly FleetCall[] = this.calls): Promise<number> {
    const counts = await Promise.all(
      of.map(async ({ number }) => {
        const list = await this.#rooms.listParticipants(deskRoom(number)).catch(() => []);
        return list.filter(({ kind }) => kind === ParticipantInfo_Kind.SIP).length;
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Seconds from `sinceMono` until no caller of these calls is in a room; null: not within `limitS`. */
  async secondsToClean(
    sinceMono: number,
    limitS: number,
    of: readonly FleetCall[] = this.calls,
  ): Promise<number | null> {
    for (;;) {
      const seconds = (performance.now() - sinceMono) / 1_000;
      if ((await this.lingering(of)) === 0) return Math.round(seconds * 10) / 10;
      if (seconds > limitS) return null;
      await pause(250);
    }
  }

  /** Hangs up what is up and waits for the answers. */
  async hangUp(which: readonly FleetCall[] = this.alive): Promise<void> {
    for (const { call } of which) call.hangUp();
    await Promise.all(which.map(({ call }) => call.ended));
  }

  /** Frees phones and listeners, without a word to anyone who may be dead. */
  async close(): Promise<void> {
    this.#phone.close();
    await Promise.all(this.#listeners.map((listener) => listener.leave()));
  }
}

/** Notes when the other side ends it. */
function follow(placed: FleetCall): FleetCall {
  void placed.call.ended.then((by) => {
    if (by === 'node') placed.byeAtMono = performance.now();
  });
  return placed;
}

/**
 * Runs with that many calls up and frees everything, the subject included, whatever happens.
 * @param line of each call; what is heard is not kept unless it says so
 */
export async function withFleet(
  subject: Subject,
  count: number,
  run: (fleet: Fleet) => Promise<void>,
  line: LineOptions = {},
): Promise<void> {
  let fleet: Fleet | null = null;
  try {
    fleet = await Fleet.up(subject, count, line);
    await run(fleet);
  } finally {
    await fleet?.close();
    await subject.stop();
  }
}
