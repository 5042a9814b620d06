/**
 * Whole calls, from the wire to the record, in which caller, edge, room, media and application do anything at any time, the same for the same seed: each
 * INVITE that became a call has one record, and no session, timer, dialog or transaction stays.
 */
import { type Decision, decisionExamples } from '@callgate/shared/contract/decision.ts';
import { expect, it } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import { FakeEdge, settled } from '../edge/edge-client.fake.ts';
import { FakeMediaPool } from '../media/media-pool.fake.ts';
import type { MediaEvent } from '../media/media-session.ts';
import { PartError } from '../part-error.ts';
import { assembleEndpoint } from '../sip/create-sip-endpoint.ts';
import { randomNumbers } from '../sip/fuzz.fake.ts';
import {
  headerOf,
  offer,
  peerAddress,
  type RequestOptions,
  requestText,
  responseText,
  toTagOf,
} from '../sip/scripted-peer.fake.ts';
import { FakeTransport } from '../sip/transport/transport.fake.ts';
import { CallRegistry } from './call-registry.ts';

const walks = 1_000;
const stepsMax = 20;
const typed = { 'Content-Type': 'application/sdp' };
const sdp: RequestOptions = { body: offer, headers: typed };
const nothing: RequestOptions = {};
const { join, refuse, drop, challenge, 'ask-pin': askPin } = decisionExamples;
const early = { ...join, media: { ...join.media, sounds: { early_media: 'ringback' } } } as const;

async function walk(seed: number): Promise<string[]> {
  const random = randomNumbers(seed);
  const of = <Item>(...items: readonly [Item, ...Item[]]): Item =>
    items[random(items.length)] ?? items[0];
  const clock = new FakeClock();
  const transport = new FakeTransport(clock, random(4) === 0);
  const [edge, media] = [new FakeEdge(), new FakeMediaPool()];
  const faults: string[] = [];
  const log = (_level: string, event: string, fields = {}) => {
    if (event === 'sip-fault' || 'stack' in fields)
      faults.push(`${event} ${JSON.stringify(fields)}`);
  };
  const nodeMedia = {
    codecs: ['PCMU', 'PCMA'],
    srtpSuites: [],
    newKey: () => Buffer.alloc(0),
  } as const;
  const calls = new CallRegistry({ edge, media, clock, log, nodeMedia });
  const resolver = { services: async () => [], addresses: async () => ['192.0.2.99'] };
  const endpoint = assembleEndpoint({ advertise: null, clock, log, resolver }, [transport]);
  let invites = 0;
  await endpoint.listen({
    onInvite: (call) => {
      invites += 1;
      calls.onInvite(call);
    },
  });
  const request = (options: RequestOptions) => transport.deliver(requestText(options), peerAddress);
  const toTag = () =>
    transport.sent.map(({ text }) => toTagOf(text)).findLast((tag) => tag !== '') ?? '';
  const done: string[] = [];
  let number = 1;
  const ask = (method: string, options: RequestOptions = {}) => {
    // Nobody asks inside a dialog that is not there.
    if (toTag() === '') return;
    number += 1;
    const branch = `z9hG4bK-${seed}-${number}`;
    request({ method, number, toTag: toTag(), branch, ...options });
  };
  const raise = (event: MediaEvent) => media.sessions.at(-1)?.raise(event);
  const callId = () => edge.offers.at(-1)?.call_id ?? '';
  request({
    body: of(offer, offer, ''),
    headers: of<Readonly<Record<string, string>>>(
      {},
      {},
      { Require: '100rel' },
      { Supported: 'timer' },
    ),
  });

  const steps: Readonly<Record<string, () => unknown>> = {
    'the edge decides': () =>
      edge.answer(of<Decision>(join, join, join, early, early, askPin, refuse, drop, challenge)),
    'the edge fails': () => edge.fail(new PartError('edge-unreachable', 'away')),
    'no port is free': () => {
      media.failure = media.failure === null ? new PartError('no-rtp-port', 'none') : null;
    },
    joined: () => raise({ kind: 'joined' }),
    audible: () => raise({ kind: 'audible' }),
    'the phone speaks': () => raise({ kind: 'first-audio', direction: 'from-phone' }),
    'a digit': () => raise({ kind: 'digit', digit: of('1', '#') }),
    'a sound ends': () =>
      raise({ kind: 'played', sound: of('enter-pin', 'wrong-pin', 'entering-room') }),
    'the room ends': () => raise({ kind: 'room-ended', reason: of('room-deleted', 'room-lost') }),
    'no RTP': () => raise({ kind: 'silent' }),
    'the application hangs up': () => calls.hangUp(callId(), { 'X-A': 'b' }),
    'the application transfers': () =>
      calls.transfer({
        do: 'transfer',
        call_id: callId(),
        to: 'tel:+1',
        headers: {},
        play_dialtone: of(true, false),
        timeout_ms: 30_000,
      }),
    ACK: () =>
      request({ method: 'ACK', toTag: toTag(), branch: 'z9hG4bK-ack', body: of('', offer) }),
    CANCEL: () => request({ method: 'CANCEL', branch: 'z9hG4bK-INVITE-1' }),
    BYE: () => ask('BYE'),
    PRACK: () => {
      const text = transport.sent.findLast((sent) => headerOf(sent.text, 'RSeq').length > 0)?.text;
      const rack = `${headerOf(text ?? '', 'RSeq')[0] ?? '1'} 1 INVITE`;
      ask('PRACK', { body: of('', offer), headers: { ...typed, RAck: rack } });
    },
    UPDATE: () => ask('UPDATE', of(nothing, sdp)),
    're-INVITE': () => ask('INVITE', of<RequestOptions>({ body: '' }, sdp)),
    'an answer to us': () => {
      const ours = transport.sent.findLast(({ text }) => !text.startsWith('SIP/2.0 '));
      const status = of(100, 200, 202, 481, 491, 603);
      if (ours !== undefined) transport.deliver(responseText(ours.text, status), peerAddress);
    },
    'the network fails': () => {
      transport.failure = transport.failure === null ? 'unreachable' : null;
    },
    'time passes': () => clock.advance(of(100, 1_000, 5_000, 33_000, 60_000)),
  };
  const names = Object.keys(steps);
  for (let count = random(stepsMax); count > 0; count -= 1) {
    const name = names[random(names.length)] ?? '';
    done.push(name);
    void steps[name]?.();
    if (random(3) > 0) await settled();
  }

  transport.failure = null;
  media.failure = null;
  const why = `walk ${seed}: ${done.join(', ')}`;
  // Half of the nodes stop; on the others every call ends by itself when nobody says anything any more.
  if (random(2) === 0) {
    for (let hour = 0; hour < 26; hour += 1) {
      await edge.fail(new PartError('edge-unreachable', 'away'));
      clock.advance(3_600_000);
      await settled();
    }
    expect(calls.size, why).toBe(0);
  }
  const stopped = calls.stop();
  for (let minute = 0; minute < 15; minute += 1) {
    await settled();
    clock.advance(60_000);
  }
  await stopped;
  await settled();
  const { transactions, dialogs } = endpoint.stats();
  const left = { calls: calls.size, sessions: media.stats().sessions, timers: clock.pending };
  expect({ ...left, transactions, dialogs, held: transport.held, faults }, why).toEqual({
    ...{ calls: 0, sessions: 0, timers: 0, transactions: 0, dialogs: 0, held: 0, faults: [] },
  });
  expect(edge.records.length, why).toBe(invites);
  return done;
}

it(`${walks} random calls have one record each, and leave nothing behind`, {
  timeout: 120_000,
}, async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= walks; seed += 1) for (const step of await walk(seed)) seen.add(step);
  expect(seen.size).toBe(21);
});
