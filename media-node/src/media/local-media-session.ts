/**
 * One call's media in this process: an RTP port, a room participant, and the two directions between them. It implements the media port for
 * the call; what it reports comes once, and nothing follows `room-ended` or `close`.
 */
import { mediaLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../ops/log.ts';
import { TokenBucket } from '../token-bucket.ts';
import { createPhoneCodec } from './audio/phone-codec.ts';
import { PhoneToRoom } from './bridge/phone-to-room.ts';
import { roomCodecFor } from './bridge/room-encoder.ts';
import { RoomListening } from './bridge/room-listening.ts';
import { RoomToPhone } from './bridge/room-to-phone.ts';
import type { RtpTotals } from './media-figures.ts';
import type {
  MediaEvent,
  MediaSession,
  MediaStats,
  PhoneStream,
  RoomAnswer,
  RoomAudio,
  RoomEnd,
  RoomRequest,
  SoundName,
  SoundOptions,
} from './media-session.ts';
import { type MediaTick, tickMs } from './media-tick.ts';
import { type LegPort, PhoneLeg } from './phone-leg.ts';
import type { EncodedFrame, Room, RoomEvents, RoomSendCodec } from './room/room.ts';
import { identityOfToken } from './room/token-identity.ts';
import type { Arrival } from './rtp/reception.ts';
import type { RtpPacket } from './rtp/rtp-packet.ts';
import { TelephoneEventSender } from './rtp/telephone-event-sender.ts';
import { sessionStats } from './session-stats.ts';
import type { Sound } from './sounds/sound.ts';
import type { SoundLibrary } from './sounds/sound-library.ts';
import { haveOneClock, isOnHold, soundsAlike } from './stream-changes.ts';

export interface LocalMediaSessionParts {
  readonly ports: {
    readonly rtp: LegPort & { readonly address: string; readonly port: number };
    readonly rtcp: LegPort;
  };
  readonly advertise: string | null;
  readonly clock: Clock;
  readonly tick: MediaTick;
  readonly log: Log;
  readonly sounds: SoundLibrary;
  readonly roomAudio: RoomAudio;
  /** What these rooms take, the client's own choice first. */
  readonly roomCodecs: readonly RoomSendCodec[];
  /** @param codec of our track */
  readonly createRoom: (events: RoomEvents, codec: RoomSendCodec) => Room;
  readonly onEvent: (event: MediaEvent) => void;
  /** The session is over; its ports are free. */
  readonly onClosed: () => void;
}

/** What the caller hears of us, and how it was asked for. */
interface Playing {
  readonly name: SoundName;
  readonly options: SoundOptions;
  readonly sound: Sound;
}

/** How long the phone may be silent, ms: before its first packet, and after its last. */
interface Patience {
  readonly firstMediaMs: number;
  readonly silenceMs: number;
}

export class LocalMediaSession implements MediaSession {
  readonly local: { readonly address: string; readonly port: number };
  readonly #parts: LocalMediaSessionParts;
  readonly #phone: PhoneLeg;
  readonly #stops: (() => void)[] = [];
  readonly #happened = new Set<string>();
  readonly #listening = new RoomListening();
  #stream: PhoneStream | null = null;
  #room: Room | null = null;
  #isRoomUp = false;
  #roomCodec: RoomSendCodec = 'opus';
  #toRoom: PhoneToRoom | null = null;
  #toPhone: RoomToPhone | null = null;
  #playing: Playing | null = null;
  #digitsToPhone: TelephoneEventSender | null = null;
  readonly #digitsDue: TokenBucket;
  /** The phone sends telephone events: digits by signalling are the same ones again. */
  #hasEvents = false;
  #patience: Patience | null = null;
  #watchedSinceMono = 0;
  #closing: Promise<MediaStats | null> | null = null;

  constructor(parts: LocalMediaSessionParts) {
    this.#parts = parts;
    const { digitsBurstMax, digitsPerSecondMax } = mediaLimits;
    this.#digitsDue = new TokenBucket(digitsBurstMax, digitsPerSecondMax, parts.clock.nowMono());
    const { rtp } = parts.ports;
    this.local = { address: parts.advertise ?? rtp.address, port: rtp.port };
    this.#phone = new PhoneLeg(
      parts.ports,
      {
        onAudio: (packet, arrival) => this.#guard(() => this.#onPhoneAudio(packet, arrival)),
        onDigit: (digit) => {
          this.#hasEvents = true;
          this.#onDigit(digit);
        },
      },
      parts.clock,
    );
  }

  setStream(stream: PhoneStream): void {
    const before = this.#stream;
    this.#stream = stream;
    if (before === null || isOnHold(before) !== isOnHold(stream))
      this.#watchedSinceMono = this.#parts.clock.nowMono();
    this.#phone.setStream(stream);
    if (before?.codec !== stream.codec) {
      if (this.#toRoom === null) this.#createToRoom();
      else this.#toRoom.setCodec(createPhoneCodec(stream.codec));
    }
    if (before === null || !soundsAlike(before, stream)) this.#createToPhone(stream);
    if (before !== null && !haveOneClock(before, stream))
      this.#digitsToPhone?.restart(stream.telephoneEvent?.clockRateHz ?? stream.clockRateHz);
    if (before?.send === false && stream.send) this.#resumeToPhone();
  }

  join({ url, token, timeoutMs }: { url: string; token: string; timeoutMs: number }): void {
    if (this.#room !== null || this.#closing !== null) return;
    const codec = roomCodecFor(
      this.#stream?.codec ?? null,
      this.#parts.roomAudio,
      this.#parts.roomCodecs,
    );
    const events: RoomEvents = {
      onJoined: () => {
        this.#isRoomUp = true;
        this.#report({ kind: 'joined' });
      },
      onSubscribed: () => this.#reportOnce('audible', { kind: 'audible' }),
      onTrack: ({ id }) => {
        this.#listening.addTrack(id);
        this.#reportOnce('audible', { kind: 'audible' });
      },
      onTrackEnded: ({ id }) => this.#listening.removeTrack(id),
      onFrame: ({ id }, frame) => this.#guard(() => this.#onRoomFrame(id, frame)),
      onAttributes: (attributes) => this.#report({ kind: 'attributes', attributes }),
      onDigits: (digits) => this.#guard(() => this.#onRoomDigits(digits)),
      onRequest: (request) => this.#report({ kind: 'request', request }),
      onEnded: (reason) => this.#onRoomEnded(reason),
    };
    this.#roomCodec = codec;
    this.#room = this.#parts.createRoom(events, codec);
    this.#createToRoom();
    this.#room.join({ url, token, timeoutMs, trackName: identityOfToken(token) ?? 'phone' });
  }

  preview(): void {
    if (this.#stops.length > 0 || this.#closing !== null) return;
    this.#stops.push(
      this.#parts.tick.everyTick((now) => this.#guard(() => this.#onTick(now))),
      this.#parts.tick.everySecond((now) => {
        this.#watchSilence(now);
        if (this.#toPhone !== null) this.#phone.report(this.#toPhone.sent());
      }),
    );
  }

  connect(timeouts: Patience): void {
    if (this.#patience !== null || this.#closing !== null) return;
    this.#patience = timeouts;
    this.#watchedSinceMono = this.#parts.clock.nowMono();
    this.preview();
  }

  play(name: SoundName, options: SoundOptions = {}): void {
    const rateHz = this.#toPhone?.sampleRateHz;
    if (rateHz === undefined) return;
    this.#playing = { name, options, sound: this.#parts.sounds.create(name, rateHz, options) };
  }

  stopSound(): void {
    if (this.#playing === null) return;
    this.#playing = null;
    // What the room sent meanwhile was not heard: its stream begins anew for the phone.
    this.#listening.interrupt();
  }

  receiveDigit(digit: string): void {
    if (!this.#hasEvents) this.#onDigit(digit.toLowerCase());
  }

  setAttributes(attributes: Readonly<Record<string, string>>): void {
    this.#room?.setAttributes(attributes);
  }

  /** Packets so far. */
  get rtp(): RtpTotals {
    const { reception, discarded, packetsSent, reporting } = this.#phone;
    return {
      received: reception?.received ?? 0,
      sent: packetsSent,
      lost: reception?.lost ?? 0,
      lostAtPhone: reporting.remoteLoss.packets,
      foreign: discarded.foreign,
    };
  }

  respond(request: Pick<RoomRequest, 'id' | 'caller'>, answer: RoomAnswer): void {
    this.#room?.respond(request, answer);
  }

  close(): Promise<MediaStats | null> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<MediaStats | null> {
    for (const stop of this.#stops.splice(0)) stop();
    const stats = this.#stream === null ? null : sessionStats(this.#stream.codec, this.#phone);
    this.#parts.log('info', 'media-closed', { ...this.#phone.discarded });
    this.#phone.goodbye();
    this.#parts.onClosed();
    await this.#room?.leave();
    return stats;
  }

  /** Once both sides are known: what the phone speaks, and what our track is. */
  #createToRoom(): void {
    const [stream, room] = [this.#stream, this.#room];
    if (stream === null || room === null) return;
    this.#toRoom = new PhoneToRoom(
      createPhoneCodec(stream.codec),
      this.#roomCodec,
      (frame, level) => room.send(frame, level),
    );
  }

  #createToPhone(stream: PhoneStream): void {
    const codec = createPhoneCodec(stream.codec, stream.opus);
    const before = this.#toPhone;
    this.#toPhone = new RoomToPhone({
      before,
      codec,
      payloadType: stream.payloadType,
      ptimeMs: stream.ptimeMs,
      opus: stream.opus,
      send: (packet) => this.#phone.send(packet),
      clock: this.#parts.clock,
    });
    this.#listening.setOutput(this.#toPhone, codec);
    // Samples of the old rate would be heard at another pitch: it begins anew.
    if (this.#playing !== null && before?.sampleRateHz !== codec.sampleRateHz)
      this.play(this.#playing.name, this.#playing.options);
  }

  /** What the room said meanwhile was not sent: no loss to the phone, but time that has passed. */
  #resumeToPhone(): void {
    this.#toPhone?.resume();
    this.#listening.interrupt();
  }

  #onPhoneAudio(packet: RtpPacket, arrival: Arrival): void {
    if (this.#patience === null || !this.#isRoomUp || this.#stream?.receive !== true) return;
    this.#toRoom?.packet(packet, arrival, this.#parts.clock.nowMono());
    this.#reportOnce('from-phone', { kind: 'first-audio', direction: 'from-phone' });
  }

  #onRoomFrame(trackId: string, frame: EncodedFrame): void {
    if (this.#patience === null || this.#playing !== null || this.#stream?.send !== true) return;
    const isSent = this.#listening.frame(trackId, frame, this.#parts.clock.nowMono());
    if (isSent) this.#reportOnce('to-phone', { kind: 'first-audio', direction: 'to-phone' });
  }

  #onTick(now: number): void {
    const toPhone = this.#toPhone;
    const stream = this.#stream;
    if (toPhone === null || stream === null) return;
    if (this.#playing !== null) this.#playTick(toPhone);
    else if (stream.send) this.#listening.tick(now);
    const events = stream.telephoneEvent;
    // Digits wait for a phone on hold: half of a number is worse than a late one.
    if (events === null || !stream.send) return;
    this.#digitsToPhone?.tick(tickMs, (payload, isFirst) =>
      toPhone.event(payload, events.payloadType, isFirst),
    );
  }

  #playTick(toPhone: RoomToPhone): void {
    const playing = this.#playing;
    if (playing === null) return;
    const samples = new Int16Array(toPhone.samplesPerTick);
    const goesOn = playing.sound.read(samples);
    if (this.#stream?.send === true) toPhone.generate(samples);
    if (goesOn) return;
    this.stopSound();
    this.#report({ kind: 'played', sound: playing.name });
  }

  /** A digit of the phone goes to the call, and to everybody in the room once that is joined. */
  #onDigit(digit: string): void {
    if (this.#patience === null || !this.#digitsDue.take(this.#parts.clock.nowMono())) return;
    if (this.#isRoomUp) this.#room?.sendDigit(digit);
    this.#report({ kind: 'digit', digit });
  }

  #onRoomDigits(digits: string): void {
    const stream = this.#stream;
    if (this.#patience === null || stream === null) return;
    const events = stream.telephoneEvent;
    if (events !== null) this.#digitsToPhone ??= new TelephoneEventSender(events.clockRateHz);
    const isSent = events !== null && this.#digitsToPhone?.queue(digits) === true;
    if (!isSent) this.#parts.log('warn', 'dtmf-not-sent', { count: digits.length });
  }

  #onRoomEnded(reason: RoomEnd): void {
    this.#isRoomUp = false;
    this.#reportOnce('room-ended', { kind: 'room-ended', reason });
  }

  /** On hold, whoever holds, a caller owes us nothing; the watch begins anew when it is back. */
  #watchSilence(now: number): void {
    if (this.#patience === null || this.#stream === null || isOnHold(this.#stream)) return;
    const heardAt = this.#phone.heardAtMono;
    const { firstMediaMs, silenceMs } = this.#patience;
    const since = Math.max(this.#watchedSinceMono, heardAt ?? 0);
    if (now - since > (heardAt === null ? firstMediaMs : silenceMs))
      this.#reportOnce('silent', { kind: 'silent' });
  }

  /** A fault of ours in the path of one call ends that call and no other. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#parts.log('error', 'media-fault', {
        why: error,
        ...(error instanceof Error ? { stack: error.stack } : {}),
      });
      this.#onRoomEnded('internal');
    }
  }

  #reportOnce(name: string, event: MediaEvent): void {
    if (this.#happened.has(name)) return;
    this.#report(event);
    this.#happened.add(name);
  }

  #report(event: MediaEvent): void {
    if (this.#closing !== null || this.#happened.has('room-ended')) return;
    this.#parts.onEvent(event);
  }
}
