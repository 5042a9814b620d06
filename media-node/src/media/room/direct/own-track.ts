/** What the server says of the track that we publish. */
import {
  type MuteTrackRequest,
  SyncState,
  type TrackPublishedResponse,
  UpdateSubscription,
} from '@livekit/protocol';

export class OwnTrack {
  #published: TrackPublishedResponse | null = null;
  #isMuted = false;

  /** Who manages the room has muted us: what we send would be dropped. */
  get isMuted(): boolean {
    return this.#isMuted;
  }

  published(response: TrackPublishedResponse): void {
    this.#published = response;
    this.#isMuted = response.track?.muted ?? false;
  }

  mute({ sid, muted }: MuteTrackRequest): void {
    if (sid === this.#published?.track?.sid) this.#isMuted = muted;
  }

  /** What a server that takes us up again compares with what it has. */
  syncState(): SyncState {
    return new SyncState({
      subscription: new UpdateSubscription({ subscribe: true }),
      publishTracks: this.#published === null ? [] : [this.#published],
    });
  }
}
