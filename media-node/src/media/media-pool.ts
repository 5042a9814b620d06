/** The media pool of a node: always in processes of their own, so that signalling never shares a thread with audio. */

import { ownPrompts } from '../program-files.ts';
import type { LocalMediaPoolOptions } from './local-media-pool.ts';
import type { MediaPool, PhoneCodecName } from './media-session.ts';
import type { AudioPriority } from './process/messages.ts';
import { ProcessMediaPool } from './process/process-media-pool.ts';
import type { SrtpSuite } from './rtp/srtp-keys.ts';
import { SoundLibrary } from './sounds/sound-library.ts';

/** What a phone may speak to this node. */
export const phoneCodecNames: readonly PhoneCodecName[] = ['PCMU', 'PCMA', 'G722', 'opus'];
export const phoneSrtpSuites: readonly SrtpSuite[] = [
  'AEAD_AES_256_GCM',
  'AEAD_AES_128_GCM',
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
];

export interface MediaPoolOptions extends LocalMediaPoolOptions {
  /** Media processes, at least one. */
  readonly processes: number;
  /** The first begins at once, another when each has so many sessions; left out: all begin at once. */
  readonly sessionsBeforeNext?: number;
  /** Left out: nicer than the rest. */
  readonly audioPriority?: AudioPriority;
}

/**
 * Media as configured. WebRTC, codecs and LiveKit's messages are loaded only where media runs: the main process stays small.
 * @throws Error when a prompt is missing or cannot be read
 */
export function createMediaPool(options: MediaPoolOptions): MediaPool {
  const { promptsFolder = null, roomClient = 'direct', roomAudio = 'opus' } = options;
  const { audioPriority = 'nice' } = options;
  // Read once more here, so that a wrong prompt stops the node and not each of its processes.
  SoundLibrary.read(promptsFolder ?? ownPrompts);
  return new ProcessMediaPool({
    ...options,
    promptsFolder,
    roomClient,
    roomAudio,
    audioPriority,
  });
}
