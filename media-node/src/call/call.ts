/**
 * One call: performs what the call machine asks for and owns every resource of the call (its SIP leg, its media session, its timers).
 * Events of all ports come in here, one at a time; whatever happens, `finish` runs once, frees everything and hands the record over.
 * It decides nothing: the order of things is the machine's, the routing is the edge's.
 */
import type { OutcomeReason } from '@callgate/shared/call/outcome.ts';
import type { CommandResult } from '@callgate/shared/contract/command.ts';
import type { Decision, MediaPolicy } from '@callgate/shared/contract/decision.ts';
import type { CallRecord } from '@callgate/shared/contract/record.ts';
import { contractVersion } from '@callgate/shared/contract/version.ts';
import { callLimits } from '@callgate/shared/limits.ts';
import type { MediaEvent, MediaSession, RoomRequest } from '../media/media-session.ts';
import { type AttemptWatch, unwatched, waitFor } from '../ops/call-watch.ts';
import type { Log } from '../ops/log.ts';
import { PartError } from '../part-error.ts';
import type { SipAnswer, SipCall, SipHeader } from '../sip/sip-endpoint.ts';
import {
  type CallEffect,
  type CallEvent,
  type CallState,
  initialState,
  type Negotiation,
  next,
} from './call-machine.ts';
import { CallMedia, type SdpBody } from './call-media.ts';
import { attemptOf, type CallIdentity, type CallParts } from './call-parts.ts';
import { CallSession } from './call-session.ts';
import { offerEarly, playEarly, playSound } from './call-sounds.ts';
import { CallTimers } from './call-timers.ts';
import { decisionOver } from './decision-over.ts';
import { failureOf } from './failure.ts';
import { type HeaderMap, headersOut, listed } from './headers-out.ts';
import { inviteFields } from './offer-from-invite.ts';
import { replyToRoom } from './room-requests.ts';
import { refusal } from './sip-answers.ts';
import { SipLeg } from './sip-leg.ts';
import { Timeline } from './timeline.ts';
import { Transfer, type TransferOrder } from './transfer.ts';

export class Call {
  readonly id: string;
  readonly traceId: string;
  readonly #sip: SipLeg;
  readonly #parts: CallParts;
  readonly #identity: CallIdentity;
  readonly #onEnded: (record: CallRecord) => void;
  readonly #timeline: Timeline;
  readonly #watch: AttemptWatch;
  /** With the ids of call and trace in every line. */
  readonly #log: Log;
  readonly #transfer: Transfer;
  readonly #timers: CallTimers;
  readonly #media: CallMedia;
  readonly #held: CallSession;
  /** Events not yet handled; the first is being handled. */
  readonly #events: CallEvent[] = [];
  #state: CallState = initialState;
  #decision: Decision | null = null;
  /** Of our participant, as the room has them. */
  #attributes: HeaderMap = {};
  /** What the application wants sent along with the end of the call. */
  #farewell: HeaderMap = {};

  /** @param onEnded called once, when everything is freed. */
  constructor(
    sip: SipCall,
    identity: CallIdentity,
    parts: CallParts,
    onEnded: (record: CallRecord) => void,
  ) {
    const attempt = attemptOf(sip.invite, identity);
    const ids = { call_id: attempt.callId, trace_id: attempt.traceId };
    this.id = attempt.callId;
    this.traceId = attempt.traceId;
    this.#log = (level, event, fields) => parts.log(level, event, { ...ids, ...fields });
    this.#sip = new SipLeg(sip, this.#log, parts.refusals);
    this.#identity = identity;
    this.#parts = parts;
    this.#onEnded = onEnded;
    this.#media = new CallMedia(parts.nodeMedia, sip.invite.source.address);
    this.#held = new CallSession(this.id, parts.media, this.#log, (event) => this.#onMedia(event));
    this.#transfer = new Transfer({
      sip: this.#sip,
      session: () => this.#session,
      ring: () => playSound(this.#session, 'ringback', this.#policy),
      isUp: () => this.#state.name === 'up',
      headersWith: (more) => this.#headersOut(more),
      log: this.#log,
      onTransferred: () => this.#handle({ kind: 'transferred' }),
    });
    this.#timers = new CallTimers(parts.clock, (timer) => this.#handle({ kind: 'timer', timer }));
    const watch = (parts.watch ?? unwatched).begin(attempt);
    this.#watch = watch;
    const { callId: id, traceId, sequence } = attempt;
    const call = { id, traceId, sequence, invite: sip.invite };
    this.#timeline = new Timeline(parts.clock, call, (stage, ms) => {
      watch.stage(stage, ms);
      if (stage === 'ringing_ms' || stage === 'answered_ms')
        parts.edge.progress(this.#timeline.progress(this.#decision));
    });
    this.#timeline.mark('trying_ms');
  }

  /** Listens to the SIP leg and asks the edge. Call once, synchronously in the invite handler. */
  start(): void {
    this.#sip.listen({
      onCancel: () => this.#handle({ kind: 'cancelled' }),
      onAck: (body) => this.#onAck(body),
      onAckMissing: () => this.#handle({ kind: 'ack-missing' }),
      onBye: () => this.#handle({ kind: 'caller-bye', isTransferred: this.#transfer.isAccepted }),
      onReoffer: (offered) => this.#reoffer(offered),
      onReofferAnswer: (answered) => this.#takeAnswer(answered),
      onDigit: ({ digit }) => this.#session?.receiveDigit(digit),
      onSessionExpired: () => this.#handle({ kind: 'session-expired' }),
      onDialog: (state) => {
        const decision = this.#decision;
        if (decision !== null && 'limits' in decision)
          this.#parts.dialogs?.keep(this.id, state, decision.limits);
      },
      onTransportFailed: (message) => {
        this.#log('warn', 'sip-send-failed', { why: message });
        this.#handle({ kind: 'transport-failed' });
      },
    });
    this.#log('info', 'call-offered', inviteFields(this.#sip.invite));
    void this.#decide();
    const isWorthMedia = this.#sip.mayOpenEarly && this.#media.mayAgree(this.#sip.invite);
    if (this.#identity.sequence > 0 && isWorthMedia) this.#held.openEarly();
  }

  /** Ends the call as its application wants. @param headers for the BYE, or the refusal */
  hangUp(headers: HeaderMap): void {
    this.#farewell = headers;
    this.#handle({ kind: 'application-hang-up' });
  }

  /** Sends the caller to somebody else. Never rejects. */
  transfer(order: TransferOrder): Promise<CommandResult> {
    return this.#transfer.begin(order);
  }

  /** Ends the call because the node stops. */
  stop(): void {
    this.#handle({ kind: 'stopped' });
  }

  async #decide(): Promise<void> {
    try {
      const { edge } = this.#parts;
      const decision = await decisionOver(this.#sip.invite, this.#identity, edge, this.#watch);
      this.#decision = decision;
      this.#sip.heed(decision);
      this.#timeline.mark('decided_ms');
      this.#handle({ kind: 'decided', decision, negotiation: this.#negotiate(decision) });
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Asks the edge about the digits. They are a secret: they stand in no log line and no error. */
  async #checkPin(ticket: string, digits: string): Promise<void> {
    try {
      const answer = { contract: contractVersion, ticket, digits } as const;
      const decision = await waitFor(this.#watch, 'edge.pin', (traceparent) =>
        this.#parts.edge.answerPin(this.id, answer, traceparent),
      );
      if (decision.kind === 'join') this.#decision = decision;
      this.#handle({ kind: 'decided', decision, negotiation: { kind: 'agreed' } });
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Judges the SDP offer once the caller is known to be welcome. */
  #negotiate(decision: Decision): Negotiation {
    if (decision.kind !== 'join' && decision.kind !== 'ask-pin') return { kind: 'agreed' };
    const { invite } = this.#sip;
    if (invite.body.length > 0) return this.#media.settle(invite, decision.media);
    return this.#media.canOffer(decision.media);
  }

  /** Runs one event to its end before the next, also when performing an effect raises another. */
  #handle(event: CallEvent): void {
    this.#events.push(event);
    if (this.#events.length > 1) return;
    for (let head = this.#events[0]; head !== undefined; head = this.#events[0]) {
      const { state, effects } = next(this.#state, head);
      this.#state = state;
      this.#performAll(effects);
      this.#events.shift();
    }
  }

  #performAll(effects: readonly CallEffect[]): void {
    for (const effect of effects) {
      try {
        this.#perform(effect);
      } catch (error) {
        this.#fail(error);
        // A call that has ended still has to free everything; one that has not hears of the failure next.
        if (this.#state.name !== 'ended') return;
      }
    }
  }

  #perform(effect: CallEffect): void {
    switch (effect.do) {
      case 'ring':
        this.#sip.ring();
        this.#timeline.mark('ringing_ms');
        return;
      case 'open-media':
        void this.#openMedia();
        return;
      case 'join':
        return this.#join();
      case 'answer':
        return this.#answer();
      case 'set-status':
        this.#session?.setAttributes({ 'sip.callStatus': effect.status });
        return;
      case 'start-timer':
        return this.#timers.start(effect.timer, effect.ms);
      case 'stop-timer':
        return this.#timers.stop(effect.timer);
      case 'play':
        return playSound(this.#session, effect.sound, this.#policy);
      case 'early-media':
        return playEarly(this.#session, effect.sound, this.#policy, this.#media, this.#sip);
      case 'stop-sound':
        return this.#session?.stopSound();
      case 'check-pin':
        void this.#checkPin(effect.ticket, effect.digits);
        return;
      case 'challenge':
        return this.#sip.challenge(effect.decision);
      case 'refuse':
        return this.#sip.refuse(effect.reason, effect.explanation, listed(this.#farewell));
      case 'drop':
        return this.#sip.drop();
      case 'bye':
        return this.#sip.hangUp(effect.reason, this.#headersOut(this.#farewell));
      case 'finish':
        void this.#finish(effect.reason);
        return;
      default:
        return effect satisfies never;
    }
  }

  async #openMedia(): Promise<void> {
    try {
      const session = await this.#held.take();
      if (session === null) return;
      this.#setStream(session);
      offerEarly(session, this.#policy, this.#media, this.#sip);
      this.#handle({ kind: 'media-opened' });
    } catch (error) {
      this.#fail(error);
    }
  }

  #onMedia(event: MediaEvent): void {
    if (event.kind === 'attributes') {
      this.#attributes = event.attributes;
      return;
    }
    if (event.kind === 'request') return this.#onRequest(event.request);
    this.#timeline.markMedia(event);
    this.#handle({ kind: 'media', event });
  }

  /** What trunk and participant add to our 200, BYE and REFER now. */
  #headersOut(more: HeaderMap = {}): SipHeader[] {
    return this.#decision?.kind === 'join'
      ? headersOut(this.#decision, this.#attributes, more)
      : listed(more);
  }

  /** A participant asks something of the phone. */
  #onRequest(request: RoomRequest): void {
    const { answer, hangUpWith } = replyToRoom(request, this.#sip.invite.headers);
    this.#session?.respond(request, answer);
    if (hangUpWith === null) return;
    this.#parts.clock.after(callLimits.lastAnswerMs, () => this.hangUp(hangUpWith));
  }

  #join(): void {
    if (this.#decision?.kind !== 'join') return;
    const { url, token } = this.#decision.room;
    this.#watch.wait('room.join');
    this.#session?.join({ url, token, timeoutMs: callLimits.roomJoinMs });
  }

  #answer(): void {
    const decision = this.#decision;
    const session = this.#session;
    const policy = this.#policy;
    if (decision === null || !('limits' in decision) || session === null || policy === null) {
      throw new PartError('internal', 'answer without decision or media session');
    }
    // An INVITE without an offer gets ours, and the ACK brings the answer (RFC 3261 §13.2.1).
    const body = this.#media.answer(session.local) ?? this.#media.offer(session.local, policy);
    // Before the 200, which is out sooner than another process has heard of this: a packet of the room that came between the two would be lost, and the next is 20 ms away.
    session.connect({
      firstMediaMs: callLimits.firstMediaMs,
      silenceMs: decision.limits.media_timeout_ms,
    });
    this.#sip.accept({ headers: this.#headersOut(), body });
    this.#timeline.mark('answered_ms');
    this.#log('info', 'call-answered', {
      after_ms: this.#timeline.sinceInvite(),
      codec: this.#media.stream?.codec,
    });
  }

  /** Hold, resume, another address or codec: the new description or a refusal that leaves the call as it is. */
  #reoffer(offered: SdpBody): SipAnswer {
    const policy = this.#policy;
    const session = this.#session;
    if (policy === null || session === null) return refusal('internal', 0);
    if (offered.body.length === 0) {
      return { status: 200, phrase: 'OK', body: this.#media.offer(session.local, policy) };
    }
    const outcome = this.#media.settle(offered, policy);
    if (outcome.kind === 'refused') {
      this.#log('info', 'reoffer-refused', { reason: outcome.reason, why: outcome.explanation });
      return refusal(outcome.reason, 0);
    }
    this.#setStream(session);
    const body = this.#media.answer(session.local);
    return { status: 200, phrase: 'OK', ...(body === null ? {} : { body }) };
  }

  #onAck(body: Buffer): void {
    this.#timeline.mark('acknowledged_ms');
    // The ACK answers our offer when the INVITE had none.
    const isAgreed =
      this.#media.stream !== null || this.#takeAnswer({ contentType: 'application/sdp', body });
    if (isAgreed) this.#handle({ kind: 'acknowledged' });
    else
      this.#handle({
        kind: 'part-failed',
        reason: 'bad-sdp',
        explanation: 'The ACK holds no usable answer.',
      });
  }

  /** The answer to an offer of ours (RFC 3264 §7). @returns whether it can be used; what was agreed before still stands when not */
  #takeAnswer(answered: SdpBody): boolean {
    const policy = this.#policy;
    if (policy === null || this.#session === null) return false;
    const outcome = this.#media.settle(answered, policy);
    if (outcome.kind === 'refused') {
      this.#log('info', 'sdp-answer-refused', { reason: outcome.reason, why: outcome.explanation });
      return false;
    }
    this.#setStream(this.#session);
    return true;
  }

  get #session(): MediaSession | null {
    return this.#held.current;
  }

  get #policy(): MediaPolicy | null {
    return this.#decision !== null && 'media' in this.#decision ? this.#decision.media : null;
  }

  /** Hands media what was agreed, and where the caller's signalling comes from: behind a NAT its RTP does, too. */
  #setStream(session: MediaSession): void {
    const { stream } = this.#media;
    if (stream === null) return;
    session.setStream({ ...stream, signallingAddress: this.#sip.invite.source.address });
  }

  /** A part failed: the call ends with its reason. */
  #fail(error: unknown): void {
    const { reason, explanation, level, fields } = failureOf(error);
    this.#log(level, 'part-failed', fields);
    this.#handle({ kind: 'part-failed', reason, explanation });
  }

  async #finish(reason: OutcomeReason): Promise<void> {
    const endedMs = this.#timeline.sinceInvite();
    this.#timers.stopAll();
    const media = await this.#held.close();
    const record = this.#timeline.record({
      decision: this.#decision,
      media,
      reason,
      explanation: this.#sip.explanation,
      sipStatus: this.#sip.status,
      endedMs,
    });
    this.#log('info', 'call-ended', { reason, after_ms: endedMs, sip_status: this.#sip.status });
    this.#watch.ended(record);
    this.#onEnded(record);
  }
}
