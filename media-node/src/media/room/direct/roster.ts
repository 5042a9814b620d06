/**
 * Who else is in the room and which tracks they have, as the server's join and update messages tell it. Pure bookkeeping, bounded; it decides
 * nothing.
 */
import { roomLimits } from '@callgate/shared/limits.ts';
import { type ParticipantInfo, ParticipantInfo_State, TrackType } from '@livekit/protocol';

interface Member {
  readonly identity: string;
  readonly tracks: ParticipantInfo['tracks'];
}

export class Roster {
  readonly #members = new Map<string, Member>();
  /** Tracks that are gone; a description made before may still name one. */
  readonly #gone = new Set<string>();
  #ownSid = '';

  /** Our own participant, which is left out from here on. */
  setSelf(sid: string): void {
    this.#ownSid = sid;
    this.#members.delete(sid);
  }

  get ownSid(): string {
    return this.#ownSid;
  }

  /** Takes news in. @returns ids of tracks that are gone with them */
  update(participants: readonly ParticipantInfo[]): string[] {
    const gone: string[] = [];
    for (const { sid, identity, state, tracks } of participants) {
      if (sid === this.#ownSid) continue;
      const left = state === ParticipantInfo_State.DISCONNECTED ? [] : tracks;
      for (const before of this.#members.get(sid)?.tracks ?? []) {
        if (!left.some((track) => track.sid === before.sid)) gone.push(before.sid);
      }
      for (const track of left) this.#gone.delete(track.sid);
      if (state === ParticipantInfo_State.DISCONNECTED) this.#members.delete(sid);
      else if (this.#members.has(sid) || this.#members.size < roomLimits.membersMax)
        this.#members.set(sid, { identity, tracks });
    }
    if (this.#gone.size + gone.length > roomLimits.membersMax) this.#gone.clear();
    for (const sid of gone) this.#gone.add(sid);
    return gone;
  }

  /** Whether the track was there and is no more. */
  isGone(trackSid: string): boolean {
    return this.#gone.has(trackSid);
  }

  /** Empty when the participant is unknown. */
  identityOf(participantSid: string): string {
    return this.#members.get(participantSid)?.identity ?? '';
  }

  /** Tracks that a phone should hear. */
  audioTracks(): string[] {
    return [...this.#members.values()].flatMap(({ tracks }) =>
      tracks.filter((track) => track.type === TrackType.AUDIO).map((track) => track.sid),
    );
  }

  /** Tracks that a phone has no use for. */
  videoTracks(): string[] {
    return [...this.#members.values()].flatMap(({ tracks }) =>
      tracks.filter((track) => track.type !== TrackType.AUDIO).map((track) => track.sid),
    );
  }
}
