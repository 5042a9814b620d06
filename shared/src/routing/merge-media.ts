/**
 * The media policy of a call: trunk and rule merged. A rule may tighten encryption but not switch it off;
 * codecs and the flag that goes with them come together from one side.
 */
import { SIPMediaConfig, SIPMediaEncryption } from '@livekit/protocol';

/** What trunks and rules have in common about media; `mediaEncryption` is the deprecated field. */
export interface MediaOwner {
  readonly media?: SIPMediaConfig;
  readonly mediaEncryption: SIPMediaEncryption;
}

/** The media of one object: `media.encryption`, filled from the deprecated field where it is unset. */
export function upgradeMedia(owner: MediaOwner): SIPMediaConfig {
  const media = owner.media?.clone() ?? new SIPMediaConfig();
  if (
    media.encryption === undefined &&
    owner.mediaEncryption !== SIPMediaEncryption.SIP_MEDIA_ENCRYPT_DISABLE
  ) {
    media.encryption = owner.mediaEncryption;
  }
  return media;
}

/**
 * Media of a call.
 *
 * @param trunk null: no trunk took the call, and the media of the rule stand as they are
 */
export function mergeMedia(trunk: MediaOwner | null, rule: MediaOwner): SIPMediaConfig {
  const own = upgradeMedia(rule);
  if (trunk === null) return own;
  const merged = upgradeMedia(trunk);
  if (own.mediaTimeout !== undefined) merged.mediaTimeout = own.mediaTimeout;
  if (own.encryption !== undefined && !weakens(own.encryption, merged.encryption)) {
    merged.encryption = own.encryption;
  }
  if (own.codecs.length > 0) {
    merged.codecs = own.codecs;
    merged.onlyListedCodecs = own.onlyListedCodecs;
  }
  return merged;
}

/** A rule that says DISABLE to a trunk that says anything. */
function weakens(rule: SIPMediaEncryption, trunk: SIPMediaEncryption | undefined): boolean {
  return trunk !== undefined && rule === SIPMediaEncryption.SIP_MEDIA_ENCRYPT_DISABLE;
}
