import { describe, expect, it } from 'vitest';
import { callRecordExample } from '../contract/record.ts';
import { callEvents, callTimeline } from './call-events.ts';
import { endedBy } from './ended-by.ts';

const { ended_ms, ...stages } = callRecordExample.stages;
const { reason } = callRecordExample;
const never = {
  ...stages,
  ringing_ms: null,
  joined_ms: null,
  audible_ms: null,
  answered_ms: null,
  acknowledged_ms: null,
  first_audio_from_phone_ms: null,
  first_audio_to_phone_ms: null,
};
const types = (...args: Parameters<typeof callEvents>) =>
  callEvents(...args).map(({ type }) => type);

describe('events of a call', () => {
  it('are started, ringing, answered and ended of one that was answered', () => {
    expect(callEvents(stages, { atMs: ended_ms, reason })).toEqual([
      { type: 'call.started', atMs: 23 },
      { type: 'call.ringing', atMs: 23 },
      { type: 'call.answered', atMs: 62 },
      { type: 'call.ended', atMs: 60_062 },
    ]);
  });

  it('are those that are proven while it lives', () => {
    expect(types(never, null)).toEqual([]);
    expect(types({ ...never, ringing_ms: 23 }, null)).toEqual(['call.started', 'call.ringing']);
  });

  it('are ended, not refused, of one that rang and was not answered', () => {
    expect(types({ ...never, ringing_ms: 23 }, { atMs: 900, reason })).toEqual([
      'call.started',
      'call.ringing',
      'call.ended',
    ]);
  });

  it('have no ringing for one that was answered to be asked for its PIN', () => {
    expect(types({ ...never, answered_ms: 30 }, { atMs: 900, reason })).toEqual([
      'call.started',
      'call.answered',
      'call.ended',
    ]);
  });

  it('is refused alone of one that was not let in', () => {
    expect(callEvents(never, { atMs: 25, reason: 'no-rule' })).toEqual([
      { type: 'call.refused', atMs: 25 },
    ]);
  });

  it('are started and ended of one whose node was lost before it told anything: the edge had let it in', () => {
    expect(callEvents(never, { atMs: 9_000, reason: 'node-lost' })).toEqual([
      { type: 'call.started', atMs: 22 },
      { type: 'call.ended', atMs: 9_000 },
    ]);
  });
});

describe('the timeline of a call', () => {
  it('tells what happened when, in order of time', () => {
    const timeline = callTimeline(stages, ended_ms);
    expect(timeline.map(({ step }) => step)).toEqual([
      'invited',
      'trying',
      'decided',
      'ringing',
      'joined',
      'audible',
      'answered',
      'first-audio-to-phone',
      'acknowledged',
      'first-audio-from-phone',
      'ended',
    ]);
    expect(timeline.at(-1)).toEqual({ after_ms: 60_062, step: 'ended' });
  });

  it('has no end while the call lives', () => {
    expect(callTimeline(never, null).map(({ step }) => step)).toEqual([
      'invited',
      'trying',
      'decided',
    ]);
  });
});

describe('who ended a call', () => {
  it('is told by its reason', () => {
    expect(endedBy('caller-hung-up')).toBe('caller');
    expect(endedBy('room-deleted')).toBe('application');
    expect(endedBy('application-hung-up')).toBe('application');
    expect(endedBy('transferred')).toBe('application');
    expect(endedBy('media-silent')).toBe('network');
    expect(endedBy('no-trunk')).toBe('callgate');
  });
});
