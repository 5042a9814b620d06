import { ParticipantInfo, ParticipantInfo_State, TrackInfo, TrackType } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { Roster } from './roster.ts';

const member = (tracks: readonly string[], state = ParticipantInfo_State.ACTIVE) =>
  new ParticipantInfo({
    sid: 'PA_agent',
    identity: 'agent',
    state,
    tracks: tracks.map((sid) => new TrackInfo({ sid, type: TrackType.AUDIO })),
  });

describe('who is in the room', () => {
  it('tells which tracks are gone with an update', () => {
    const roster = new Roster();
    expect(roster.update([member(['TR_1', 'TR_2'])])).toEqual([]);
    expect(roster.update([member(['TR_2'])])).toEqual(['TR_1']);
    expect(roster.update([member([], ParticipantInfo_State.DISCONNECTED)])).toEqual(['TR_2']);
    expect(roster.audioTracks()).toEqual([]);
  });

  it.each([
    ['never told of', [], false],
    ['there', [member(['TR_1'])], false],
    ['unpublished', [member(['TR_1']), member([])], true],
    [
      'of one who left',
      [member(['TR_1']), member(['TR_1'], ParticipantInfo_State.DISCONNECTED)],
      true,
    ],
    ['there again', [member(['TR_1']), member([]), member(['TR_1'])], false],
  ])('knows whether a track is gone: %s', (_what, updates, isGone) => {
    const roster = new Roster();
    for (const update of updates) roster.update([update]);
    expect(roster.isGone('TR_1')).toBe(isGone);
  });
});
