/** What the server says of the track that we publish. */
import {
  type MuteTrackRequest,
  SessionDescription,
  SyncState,
  type TrackPublishedResponse,
  UpdateSubscription,
} from '@livekit/protocol';
import type { MediaDescriptions } from './stay-media.ts';

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
  syncState({ offer, answer }: MediaDescriptions): SyncState {
    return new SyncState({
      offer: new SessionDescription({ type: 'offer', sdp: offer }),
      answer: new SessionDescription({ type: 'answer', sdp: answer }),
      subscription: new UpdateSubscription({ subscribe: true }),
      publishTracks: this.#published === null ? [] : [this.#published],
    });
  }
}
