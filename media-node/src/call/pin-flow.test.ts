import { decisionExamples } from '@callgate/shared/contract/decision.ts';
import { pinLimits } from '@callgate/shared/limits.ts';
import { describe, expect, it } from 'vitest';
import { type CallEvent, type CallState, initialState, next } from './call-machine.ts';

const { join, refuse, 'ask-pin': ask } = decisionExamples;
const agreed = { kind: 'agreed' } as const;
const decided = (decision: typeof join | typeof refuse | typeof ask): CallEvent => ({
  kind: 'decided',
  decision,
  negotiation: agreed,
});
const wrongPin = { ...refuse, reason: 'wrong-pin' } as const;
const digit = (one: string): CallEvent => ({ kind: 'media', event: { kind: 'digit', digit: one } });
const played = (sound: 'enter-pin' | 'wrong-pin' | 'entering-room'): CallEvent => ({
  kind: 'media',
  event: { kind: 'played', sound },
});
const portBound: CallEvent = { kind: 'media-opened' };
const ack: CallEvent = { kind: 'acknowledged' };
const audible: CallEvent = { kind: 'media', event: { kind: 'audible' } };

/** Plays events from the start; what was done by the last one, and the state it led to. */
function after(...events: CallEvent[]): { state: CallState; done: string[] } {
  let state: CallState = initialState;
  let done: string[] = [];
  for (const event of events) {
    const step = next(state, event);
    state = step.state;
    done = step.effects.map((effect) => {
      const { do: what, ...rest } = effect;
      return [what, ...Object.values(rest).filter((value) => typeof value === 'string')].join(' ');
    });
  }
  return { state, done };
}

const asked = [decided(ask), portBound, ack] as const;
const typed = (digits: string) => [...digits].map(digit);

describe('a call behind a PIN', () => {
  it('rings, is answered without a room, and is asked once the ACK is in', () => {
    expect(after(decided(ask)).done).toEqual(['ring', 'open-media']);
    expect(after(decided(ask), portBound).done).toEqual(['answer', 'start-timer duration']);
    expect(after(...asked).done).toEqual(['play enter-pin', 'start-timer pin']);
  });

  it('a digit interrupts the prompt', () => {
    expect(after(...asked, digit('1')).done).toEqual(['stop-sound', 'start-timer digit']);
  });

  it('the digits go to the edge with the ticket when # comes', () => {
    const { state, done } = after(...asked, ...typed('12*4#'));
    expect(state.name).toBe('pin-checking');
    expect(done).toEqual([
      'stop-sound',
      'stop-timer digit',
      'stop-timer pin',
      `check-pin ${ask.ticket} 12*4`,
    ]);
  });

  it('# alone asks for the rule without a PIN', () => {
    expect(after(...asked, digit('#')).done.at(-1)).toBe(`check-pin ${ask.ticket} `);
  });

  it('the right PIN enters the room with a word, then ringback until somebody can be heard', () => {
    const entering = [...asked, ...typed('1234#'), decided(join)] as const;
    expect(after(...entering).done).toEqual(['play entering-room', 'start-timer ringing', 'join']);
    expect(after(...entering, played('entering-room')).done).toEqual(['play ringback']);
    const { state, done } = after(...entering, played('entering-room'), audible);
    expect(state.name).toBe('up');
    expect(done).toEqual(['stop-timer ringing', 'stop-sound']);
  });

  it('plays its word to the end when somebody can already be heard', () => {
    const early = [...asked, ...typed('1234#'), decided(join), audible] as const;
    expect(after(...early).done).toEqual(['stop-timer ringing']);
    const { state, done } = after(...early, played('entering-room'));
    expect(state.name).toBe('up');
    expect(done).toEqual(['stop-timer ringing', 'stop-sound']);
  });

  it('a digit during "No room matched" begins the next attempt', () => {
    const again = { ...ask, ticket: 'v1.second', attempts_left: 1 };
    const second = [...asked, ...typed('9#'), decided(again), digit('1')] as const;
    expect(after(...second).done).toEqual(['start-timer pin', 'stop-sound', 'start-timer digit']);
    expect(after(...second, digit('#')).done.at(-1)).toBe('check-pin v1.second 1');
  });

  it('a digit during the last "No room matched" changes nothing', () => {
    expect(after(...asked, ...typed('9#'), decided(wrongPin), digit('1')).done).toEqual([]);
  });

  it('a wrong PIN is told so, and hung up when no attempt is left', () => {
    const wrong = [...asked, ...typed('9#'), decided(wrongPin)] as const;
    expect(after(...wrong).done).toEqual(['play wrong-pin']);
    expect(after(...wrong, played('wrong-pin')).done).toEqual([
      'bye wrong-pin',
      'set-status hangup',
      'finish wrong-pin',
    ]);
  });

  it('a wrong PIN is asked again, with the new ticket, while the edge gives attempts', () => {
    const again = { ...ask, ticket: 'v1.second', attempts_left: 1 };
    const second = [...asked, ...typed('9#'), decided(again), played('wrong-pin')] as const;
    expect(after(...second).done).toEqual(['play enter-pin', 'start-timer pin']);
    expect(after(...second, ...typed('1#')).done.at(-1)).toBe('check-pin v1.second 1');
  });

  it('more digits than any PIN has are wrong at once, and never leave the node', () => {
    const { state, done } = after(...asked, ...typed('1'.repeat(pinLimits.digitsMax + 1)));
    expect(state.name).toBe('pin-wrong');
    expect(done).toEqual(['stop-timer digit', 'stop-timer pin', 'play wrong-pin']);
  });

  it.each(['pin', 'digit'] as const)('ends with pin-timeout when the %s timer fires', (timer) => {
    expect(after(...asked, { kind: 'timer', timer }).done[0]).toBe('bye pin-timeout');
  });

  it('counts silence from the end of the prompt', () => {
    expect(after(...asked, played('enter-pin')).done).toEqual(['start-timer digit']);
  });

  it('hangs up at once when the edge is away while it checks', () => {
    const failed: CallEvent = {
      kind: 'part-failed',
      reason: 'edge-unreachable',
      explanation: 'away',
    };
    expect(after(...asked, ...typed('1#'), failed).done[0]).toBe('bye edge-unreachable');
  });

  it('hangs up when nobody publishes in the room in time', () => {
    const { done } = after(...asked, ...typed('1#'), decided(join), {
      kind: 'timer',
      timer: 'ringing',
    });
    expect(done[0]).toBe('bye ringing-timeout');
  });

  it('digits that come while the edge checks change nothing', () => {
    const { state, done } = after(...asked, ...typed('1#'), digit('2'));
    expect(state.name).toBe('pin-checking');
    expect(done).toEqual([]);
  });

  it('a PIN that turns out right after the caller has gone opens nothing', () => {
    expect(after(...asked, ...typed('1#'), { kind: 'caller-bye' }, decided(join)).done).toEqual([]);
  });

  it.each([
    ['BYE', { kind: 'caller-bye' }, 'set-status hangup'],
    ['a missing ACK', { kind: 'ack-missing' }, 'bye ack-missing'],
    ['RTP silence', { kind: 'media', event: { kind: 'silent' } }, 'bye media-silent'],
    ['the maximum duration', { kind: 'timer', timer: 'duration' }, 'bye max-duration'],
    ['a node that stops', { kind: 'stopped' }, 'bye node-stopped'],
    ['its application', { kind: 'application-hang-up' }, 'bye application-hung-up'],
    [
      'a fault of a part',
      { kind: 'part-failed', reason: 'internal', explanation: '' },
      'bye internal',
    ],
  ] as const)('ends with %s in every answered state', (_what, event, first) => {
    const states = [
      [decided(ask), portBound],
      [...asked],
      [...asked, ...typed('1#')],
      [...asked, ...typed('1#'), decided(wrongPin)],
      [...asked, ...typed('1#'), decided(join)],
    ];
    for (const events of states) {
      const { state, done } = after(...events, event);
      expect(state.name).toBe('ended');
      expect(done[0]).toBe(first);
      expect(done.at(-1)).toContain('finish');
    }
  });

  it.each([
    ['CANCEL', { kind: 'cancelled' }, 'refuse caller-cancelled'],
    [
      'no RTP port',
      { kind: 'part-failed', reason: 'no-rtp-port', explanation: '' },
      'refuse no-rtp-port',
    ],
    ['a missing PRACK', { kind: 'ack-missing' }, 'refuse ack-missing'],
    ['a node that stops', { kind: 'stopped' }, 'refuse node-stopped'],
    ['its application', { kind: 'application-hang-up' }, 'refuse application-hung-up'],
  ] as const)('is refused by %s before it is answered', (_what, event, first) => {
    const { state, done } = after(decided(ask), event);
    expect(state.name).toBe('ended');
    expect(done[0]).toContain(first);
  });
});
