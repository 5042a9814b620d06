import { decisionExamples } from '@callgate/shared/contract/decision.ts';
import { describe, expect, it } from 'vitest';
import { type CallEvent, type CallState, initialState, next, type Step } from './call-machine.ts';

const { join, challenge, refuse, drop } = decisionExamples;
const states = {
  deciding: initialState,
  opening: { name: 'opening', decision: join },
  joining: { name: 'joining', decision: join },
  ringing: { name: 'ringing', decision: join },
  answered: { name: 'answered', decision: join, isActive: false },
  up: { name: 'up', decision: join, isActive: true },
  ended: { name: 'ended', reason: 'caller-hung-up' },
} satisfies Partial<Record<CallState['name'], CallState>>;
type Plain = keyof typeof states;
const agreed = { kind: 'agreed' } as const;
const events = {
  'edge says join': { kind: 'decided', decision: join, negotiation: agreed },
  'edge says join, no codec': {
    kind: 'decided',
    decision: join,
    negotiation: { kind: 'refused', reason: 'no-common-codec', explanation: 'none' },
  },
  'edge says challenge': { kind: 'decided', decision: challenge, negotiation: agreed },
  'edge says refuse': { kind: 'decided', decision: refuse, negotiation: agreed },
  'edge says drop': { kind: 'decided', decision: drop, negotiation: agreed },
  'edge away': { kind: 'part-failed', reason: 'edge-unreachable', explanation: 'timed out' },
  'no port': { kind: 'part-failed', reason: 'no-rtp-port', explanation: 'none free' },
  'port bound': { kind: 'media-opened' },
  joined: { kind: 'media', event: { kind: 'joined' } },
  audible: { kind: 'media', event: { kind: 'audible' } },
  'room deleted': { kind: 'media', event: { kind: 'room-ended', reason: 'room-deleted' } },
  removed: { kind: 'media', event: { kind: 'room-ended', reason: 'participant-removed' } },
  'room away': { kind: 'media', event: { kind: 'room-ended', reason: 'room-unreachable' } },
  'rtp silent': { kind: 'media', event: { kind: 'silent' } },
  'first audio': { kind: 'media', event: { kind: 'first-audio', direction: 'from-phone' } },
  'audio to the phone': { kind: 'media', event: { kind: 'first-audio', direction: 'to-phone' } },
  'bridge timer': { kind: 'timer', timer: 'bridge' },
  CANCEL: { kind: 'cancelled' },
  ACK: { kind: 'acknowledged' },
  'no ACK': { kind: 'ack-missing' },
  BYE: { kind: 'caller-bye' },
  'send failed': { kind: 'transport-failed' },
  'session expired': { kind: 'session-expired' },
  'ringing timer': { kind: 'timer', timer: 'ringing' },
  'duration timer': { kind: 'timer', timer: 'duration' },
  'node stops': { kind: 'stopped' },
  'application ends it': { kind: 'application-hang-up' },
  transferred: { kind: 'transferred' },
  'BYE after a transfer': { kind: 'caller-bye', isTransferred: true },
  'transferred timer': { kind: 'timer', timer: 'transferred' },
} satisfies Record<string, CallEvent>;

/** `state + effects`, as short as the table below wants it. */
function shown({ state, effects }: Step): string {
  const done = effects.map((effect) => {
    if (effect.do === 'refuse' || effect.do === 'bye' || effect.do === 'finish') {
      return `${effect.do} ${effect.reason}`;
    }
    if (effect.do === 'start-timer' || effect.do === 'stop-timer')
      return `${effect.do} ${effect.timer}`;
    if (effect.do === 'set-status') return `status ${effect.status}`;
    return effect.do;
  });
  return [state.name, ...done].join(', ');
}

const refused = (reason: string) => `ended, refuse ${reason}, finish ${reason}`;
const hungUp = (reason: string) => `ended, bye ${reason}, status hangup, finish ${reason}`;
const refusedInRoom = (reason: string) =>
  `ended, refuse ${reason}, status hangup, finish ${reason}`;
const answer = 'answered, stop-timer ringing, answer, start-timer bridge, start-timer duration';

/** Rows that change something. Every other pair of state and event must change nothing (tested below). */
const table: [Plain, keyof typeof events, string][] = [
  ['deciding', 'edge says join', 'opening, ring, start-timer ringing, open-media'],
  ['deciding', 'edge says join, no codec', refused('no-common-codec')],
  ['deciding', 'edge says challenge', 'ended, challenge, finish challenge-unanswered'],
  ['deciding', 'edge says refuse', refused('no-trunk')],
  ['deciding', 'edge says drop', 'ended, drop, finish stranger-dropped'],
  ['deciding', 'edge away', refused('edge-unreachable')],
  ['deciding', 'no port', refused('no-rtp-port')],
  ['deciding', 'CANCEL', refused('caller-cancelled')],
  ['deciding', 'send failed', 'ended, finish caller-unreachable'],
  ['deciding', 'node stops', refused('node-stopped')],
  ['deciding', 'application ends it', refused('application-hung-up')],

  ['opening', 'port bound', 'joining, join'],
  ['opening', 'joined', 'ringing'],
  ['joining', 'joined', 'ringing'],
  ['ringing', 'joined', 'ringing'],
  ['opening', 'audible', answer],
  ['joining', 'audible', answer],
  ['ringing', 'audible', answer],
  ...(['opening', 'joining', 'ringing'] as const).flatMap((name): typeof table => [
    [name, 'edge away', refusedInRoom('edge-unreachable')],
    [name, 'no port', refusedInRoom('no-rtp-port')],
    [name, 'room deleted', refused('room-deleted')],
    [name, 'removed', refused('participant-removed')],
    [name, 'room away', refused('room-unreachable')],
    [name, 'CANCEL', refusedInRoom('caller-cancelled')],
    [name, 'no ACK', refusedInRoom('ack-missing')],
    [name, 'ringing timer', refusedInRoom('ringing-timeout')],
    [name, 'send failed', 'ended, finish caller-unreachable'],
    [name, 'node stops', refusedInRoom('node-stopped')],
    [name, 'application ends it', refusedInRoom('application-hung-up')],
  ]),

  ['answered', 'first audio', 'answered, stop-timer bridge, status active'],
  ['answered', 'bridge timer', 'answered, stop-timer bridge, status active'],

  ...(['answered', 'up'] as const).flatMap((name): typeof table => [
    [name, 'ACK', 'up'],
    [name, 'BYE', 'ended, status hangup, finish caller-hung-up'],
    [name, 'no ACK', hungUp('ack-missing')],
    [name, 'edge away', hungUp('edge-unreachable')],
    [name, 'no port', hungUp('no-rtp-port')],
    [name, 'room deleted', 'ended, bye room-deleted, finish room-deleted'],
    [name, 'removed', 'ended, bye participant-removed, finish participant-removed'],
    [name, 'room away', 'ended, bye room-unreachable, finish room-unreachable'],
    [name, 'rtp silent', hungUp('media-silent')],
    [name, 'duration timer', hungUp('max-duration')],
    [name, 'send failed', hungUp('caller-unreachable')],
    [name, 'session expired', hungUp('session-expired')],
    [name, 'node stops', hungUp('node-stopped')],
    [name, 'application ends it', hungUp('application-hung-up')],
    [name, 'transferred', `${name}, start-timer transferred`],
    [name, 'BYE after a transfer', 'ended, status hangup, finish transferred'],
    [name, 'transferred timer', hungUp('transferred')],
  ]),
];

describe('call machine', () => {
  it('refuses an offer it cannot take before it would ask for a PIN', () => {
    const negotiation = {
      kind: 'refused',
      reason: 'no-common-codec',
      explanation: 'none',
    } as const;
    const event: CallEvent = {
      kind: 'decided',
      decision: decisionExamples['ask-pin'],
      negotiation,
    };
    expect(shown(next(initialState, event))).toBe(refused('no-common-codec'));
  });

  it.each(table)('%s + %s', (name, event, expected) => {
    expect(shown(next(states[name], events[event]))).toBe(expected);
  });

  const known = new Set(table.map(([name, event]) => `${name} + ${event}`));
  const rest = Object.keys(states).flatMap((name) =>
    Object.keys(events)
      .filter((event) => !known.has(`${name} + ${event}`))
      .map((event) => [name, event] as const),
  );
  it.each(rest)('%s is not moved by %s', (name, event) => {
    const state = states[name as Plain];
    expect(next(state, events[event as keyof typeof events])).toEqual({ state, effects: [] });
  });

  it('finishes exactly once on every path that ends, and last', () => {
    for (const state of Object.values(states)) {
      for (const event of Object.values(events)) {
        const step = next(state, event);
        const finishes = step.effects.filter((effect) => effect.do === 'finish');
        const ends = state.name !== 'ended' && step.state.name === 'ended';
        expect(finishes.length).toBe(ends ? 1 : 0);
        if (ends) expect(step.effects.at(-1)?.do).toBe('finish');
      }
    }
  });

  it('gives every INVITE that ends before an answer one final answer, except when the edge says drop', () => {
    for (const name of ['deciding', 'opening', 'joining', 'ringing'] as const) {
      for (const [label, event] of Object.entries(events)) {
        const step = next(states[name], event);
        if (step.state.name !== 'ended' || label === 'edge says drop' || label === 'send failed')
          continue;
        const finals = step.effects.filter(
          (effect) => effect.do === 'refuse' || effect.do === 'challenge',
        );
        expect(finals.length, `${name} + ${label}`).toBe(1);
      }
    }
  });
});
