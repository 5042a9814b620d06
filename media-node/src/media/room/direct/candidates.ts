/** Which of a server's candidates can lead anywhere (RFC 8839 §5.1). Each useless pair would cost 50 ms of pacing before the useful one is checked. Pure. */
import { isIPv6 } from 'node:net';

/**
 * UDP (ICE over TCP is not built in), an address (a name would be resolved in a thread of its own), and of the family that we are bound to.
 * @param bindAddress address literal; null: any of this machine's
 */
export function isUsableCandidate(candidate: string, bindAddress: string | null): boolean {
  const address = /^(?:a=)?(?:candidate:)?\S+ 1 udp \d+ ([0-9a-fA-F.:]+) /i.exec(candidate)?.[1];
  if (address === undefined) return false;
  return bindAddress === null || isIPv6(address) === isIPv6(bindAddress);
}

/** The description without the candidates that lead nowhere. */
export function withUsableCandidates(sdp: string, bindAddress: string | null): string {
  const lines = sdp.split(/\r?\n/);
  return lines
    .filter((line) => !line.startsWith('a=candidate:') || isUsableCandidate(line, bindAddress))
    .join('\r\n');
}

/** The candidate in a trickled message; null: it is none. */
export function readTrickled(candidateInit: string): string | null {
  try {
    const init: unknown = JSON.parse(candidateInit);
    if (typeof init !== 'object' || init === null || !('candidate' in init)) return null;
    return typeof init.candidate === 'string' ? init.candidate : null;
  } catch {
    // Not a candidate; if it was the only one the join runs into its deadline.
    return null;
  }
}
