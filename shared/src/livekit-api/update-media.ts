/**
 * Media in an update: `media` replaces the whole message, then the deprecated media_encryption fills in an
 * encryption that is unset, and is rewritten from it. So only an explicit DISABLE in media switches a stored
 * encryption off, and after any update media is set.
 */
import { type SIPMediaConfig, SIPMediaEncryption } from '@livekit/protocol';
import { upgradeMedia } from '../routing/merge-media.ts';

interface MediaFields {
  media?: SIPMediaConfig;
  mediaEncryption: SIPMediaEncryption;
}

interface MediaUpdate {
  readonly media?: SIPMediaConfig;
  readonly mediaEncryption?: SIPMediaEncryption;
}

/** Changes `stored` in place; it is the caller's copy. */
export function applyMediaUpdate(stored: MediaFields, update: MediaUpdate): void {
  stored.mediaEncryption = update.mediaEncryption ?? stored.mediaEncryption;
  const media = update.media ?? stored.media;
  stored.media = upgradeMedia({
    mediaEncryption: stored.mediaEncryption,
    ...(media === undefined ? {} : { media }),
  });
  stored.mediaEncryption = stored.media.encryption ?? SIPMediaEncryption.SIP_MEDIA_ENCRYPT_DISABLE;
}
