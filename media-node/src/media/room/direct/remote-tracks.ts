/**
 * Which remote track each receive section carries, read from the server's SDP answer. LiveKit writes `a=msid:<participant>|<stream> <track>`
 * into a section that it sends on. Each answer maps anew: a track is known by its id, never by its section. Pure.
 */

export interface ReceivedTrack {
  /** `a=mid` of the section. */
  readonly mid: string;
  /** `TR_...` */
  readonly trackId: string;
  /** `PA_...` of its publisher. */
  readonly participantSid: string;
}

/** Sections that carry somebody's audio now. Sections without a track, inactive or rejected are left out. */
export function receivedTracks(answerSdp: string): ReceivedTrack[] {
  const tracks: ReceivedTrack[] = [];
  for (const section of mediaSections(answerSdp)) {
    const media = section[0] ?? '';
    if (!media.startsWith('m=audio ') || media.startsWith('m=audio 0 ')) continue;
    if (!section.includes('a=sendonly') && !section.includes('a=sendrecv')) continue;
    const mid = attributeValue(section, 'a=mid:');
    const [stream = '', trackId] = attributeValue(section, 'a=msid:')?.split(' ') ?? [];
    if (mid === null || trackId === undefined) continue;
    tracks.push({ mid, trackId, participantSid: stream.split('|')[0] ?? '' });
  }
  return tracks;
}

/** True when the answer takes our audio level (RFC 6464) under the id that we offered. */
export function takesAudioLevel(answerSdp: string, extensionId: number): boolean {
  const [first = []] = mediaSections(answerSdp);
  return first.some((line) =>
    line.startsWith(`a=extmap:${extensionId} urn:ietf:params:rtp-hdrext:ssrc-audio-level`),
  );
}

function mediaSections(sdp: string): string[][] {
  const sections: string[][] = [];
  for (const line of sdp.split(/\r?\n/)) {
    if (line.startsWith('m=')) sections.push([line]);
    else sections.at(-1)?.push(line);
  }
  return sections;
}

function attributeValue(section: readonly string[], prefix: string): string | null {
  return section.find((line) => line.startsWith(prefix))?.slice(prefix.length) ?? null;
}
