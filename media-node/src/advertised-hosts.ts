/**
 * Which host of ours a peer is told: `203.0.113.5` for everybody behind a NAT that maps one address to this machine, and another one for peers of the networks named
 * before it, which reach the machine directly: `10.0.0.0/8=10.0.0.5, 203.0.113.5`. Pure.
 */
import { NetworkList } from './sip/network-list.ts';

/** Entries of one list; more is a mistake. */
const networksMax = 64;

export class AdvertisedHosts {
  /** For peers of no network that is named; null: the address that they have reached. */
  readonly elsewhere: string | null;
  readonly #byNetwork: readonly { readonly networks: NetworkList; readonly host: string }[];

  /** @param byNetwork the first one that holds the peer counts. @throws Error for what is no network */
  constructor(elsewhere: string | null, byNetwork: readonly (readonly [string, string])[] = []) {
    this.elsewhere = elsewhere;
    this.#byNetwork = byNetwork.map(([network, host]) => ({
      networks: new NetworkList([network]),
      host,
    }));
  }

  /** @param peer IP literal */
  for(peer: string): string | null {
    return this.#byNetwork.find(({ networks }) => networks.holds(peer))?.host ?? this.elsewhere;
  }
}

/** Reads the text of a variable; null when it is none. @param isHost what may be advertised */
export function readAdvertisedHosts(
  text: string,
  isHost: (text: string) => boolean,
): AdvertisedHosts | null {
  const byNetwork: [string, string][] = [];
  let elsewhere: string | null = null;
  for (const entry of text.split(',', networksMax + 1)) {
    const [network, host, ...rest] = entry.split('=').map((part) => part.trim());
    if (network === undefined || rest.length > 0) return null;
    if (host === undefined) {
      if (elsewhere !== null || !isHost(network)) return null;
      elsewhere = network;
    } else if (isHost(host)) byNetwork.push([network, host]);
    else return null;
  }
  if (byNetwork.length > networksMax) return null;
  try {
    return new AdvertisedHosts(elsewhere, byNetwork);
  } catch {
    // A network that is none is the operator's mistake, told with the whole variable.
    return null;
  }
}
