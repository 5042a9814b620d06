/**
 * What we accept of a server's offer: Opus, PCMU and PCMA under the payload types that we know them by. An answer that took redundancy (RFC 2198) as well would
 * have each packet come in a wrapping that nobody here opens. Pure.
 */
import { payloadTypes } from './room-connection.ts';

const kept = new Set(Object.values(payloadTypes).map(String));

/** The offer with no other codec in its audio sections. */
export function withPhoneCodecs(offerSdp: string): string {
  let isAudio = false;
  return offerSdp
    .split(/\r?\n/)
    .flatMap((line) => {
      if (line.startsWith('m=')) isAudio = line.startsWith('m=audio ');
      if (!isAudio) return [line];
      if (line.startsWith('m=audio ')) {
        const [media, port, protocol, ...formats] = line.split(' ');
        const left = formats.filter((format) => kept.has(format));
        // A section needs a format; one that has none of ours stays as it is and goes unheard.
        return left.length === 0 ? [line] : [[media, port, protocol, ...left].join(' ')];
      }
      const payloadType = /^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) /.exec(line)?.[1];
      return payloadType === undefined || kept.has(payloadType) ? [line] : [];
    })
    .join('\r\n');
}
