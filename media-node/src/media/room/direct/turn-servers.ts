/** The relays that a server names in its join answer, as far as we can use them: TURN over UDP (RFC 8656). Pure. */
import type { ICEServer } from '@livekit/protocol';

export interface TurnServer {
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  /** A secret. */
  readonly password: string;
}

const turnPort = 3_478;
const serversMax = 4;

/** `turn:host:port?transport=udp` (RFC 7065); TCP and TLS are left out. */
export function turnServersOf(servers: readonly ICEServer[]): TurnServer[] {
  const usable: TurnServer[] = [];
  for (const { urls, username, credential } of servers) {
    for (const url of urls) {
      const match =
        /^turn:(?:\[([0-9a-fA-F:.]+)\]|([^:?[\]]+))(?::(\d{1,5}))?(?:\?transport=(\w+))?$/.exec(
          url,
        );
      const hostname = match?.[1] ?? match?.[2];
      const port = match?.[3] === undefined ? turnPort : Number(match[3]);
      const isUdp = (match?.[4] ?? 'udp').toLowerCase() === 'udp';
      if (hostname === undefined || !isUdp || port === 0 || port > 65_535) continue;
      usable.push({ hostname, port, username, password: credential });
    }
  }
  return usable.slice(0, serversMax);
}
