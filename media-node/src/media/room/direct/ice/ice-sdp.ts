/** What SDP says of ICE (RFC 8839 §5), read and written anew. Pure. */
import { isIP } from 'node:net';
import type { Address } from './stun.ts';

export interface IceCredentials {
  readonly ufrag: string;
  readonly password: string;
}

/** Of the first section, which all others are bundled with; null: there are none. */
export function iceCredentials(sdp: string): IceCredentials | null {
  const ufrag = /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1];
  const password = /^a=ice-pwd:(\S+)/m.exec(sdp)?.[1];
  return ufrag === undefined || password === undefined ? null : { ufrag, password };
}

/** The other side only answers checks, so that ours must nominate (RFC 8445 §2.5). */
export function isIceLite(sdp: string): boolean {
  return /^a=ice-lite/m.test(sdp);
}

/** The description with these in every section, and without candidates. */
export function withCredentials(sdp: string, { ufrag, password }: IceCredentials): string {
  return linesOf(sdp)
    .filter((line) => !/^a=(?:candidate:|end-of-candidates)/.test(line))
    .map((line) => {
      if (line.startsWith('a=ice-ufrag:')) return `a=ice-ufrag:${ufrag}`;
      return line.startsWith('a=ice-pwd:') ? `a=ice-pwd:${password}` : line;
    })
    .join('\r\n');
}

/** The description with one candidate of ours, in its first section. */
export function withHostCandidate(sdp: string, { address, port }: Address): string {
  const lines = linesOf(sdp);
  const at = lines.findIndex((line) => line.startsWith('a=ice-pwd:')) + 1;
  const candidate = `a=candidate:1 1 UDP ${hostPriority} ${address} ${port} typ host`;
  return [...lines.slice(0, at), candidate, 'a=end-of-candidates', ...lines.slice(at)].join('\r\n');
}

/** Where candidates lead; lines or trickled ones. null: nowhere that a datagram can be sent to. */
export function candidateAddress(candidate: string): Address | null {
  const [, address = '', digits] =
    /^(?:a=)?(?:candidate:)?\S+ 1 udp \d+ (\S+) (\d+) /i.exec(candidate) ?? [];
  const port = Number(digits);
  return isIP(address) !== 0 && port > 0 && port < 65_536 ? { address, port } : null;
}

/** Every candidate in the description. */
export function candidateAddresses(sdp: string): Address[] {
  return linesOf(sdp).flatMap((line) =>
    line.startsWith('a=candidate:') ? (candidateAddress(line) ?? []) : [],
  );
}

/** Where a candidate of type host leads: a socket of the description's owner, and not what a NAT makes of it. */
export function hostAddress(sdp: string): Address | null {
  const host = linesOf(sdp).find((line) => / typ host/.test(line));
  return host === undefined ? null : candidateAddress(host);
}

/** Of a host candidate whose address is the best there is (RFC 8445 §5.1.2.1). */
const hostPriority = 2_130_706_431;

function linesOf(sdp: string): string[] {
  return sdp.split(/\r?\n/);
}
