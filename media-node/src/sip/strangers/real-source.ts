/**
 * The address that routing judges by. It is the one that the packet came from, unless that is a proxy which the configuration names: a
 * proxy stamps the Via of the hop before it with where that came from (RFC 3261 §18.2.1), and is trusted for it. Nobody else's headers
 * say anything. Pure.
 */
import { isIP } from 'node:net';
import { NetworkList } from '../network-list.ts';
import type { SipSource } from '../sip-endpoint.ts';
import { readPort } from '../wire/characters.ts';
import { readHost } from '../wire/host.ts';
import type { SipRequest } from '../wire/message.ts';
import { readVia, viaPort } from '../wire/via.ts';

export class TrustedProxies {
  readonly #networks: NetworkList;

  /** @param networks addresses or CIDR networks. @throws Error for what is neither */
  constructor(networks: readonly string[]) {
    this.#networks = new NetworkList(networks);
  }

  /** Where a request really comes from. */
  sourceOf(request: SipRequest, source: SipSource): SipSource {
    if (!this.#networks.holds(source.address)) return source;
    // The topmost Via is the proxy's own; below it may be more listed proxies, then the one that called them.
    let found = source;
    for (const text of request.viaTexts.slice(1)) {
      const via = readVia(text);
      if (via === null) return found;
      const received = readHost(via.parameters.get('received') ?? '') ?? via.host;
      const address = received.replace(/^\[|\]$/g, '');
      if (isIP(address) === 0) return found;
      const port = readPort(via.parameters.get('rport') ?? '') ?? viaPort(via);
      const transport = via.transport === 'TLS' ? 'tls' : via.transport === 'TCP' ? 'tcp' : 'udp';
      found = { address, port, transport };
      if (!this.#networks.holds(address)) return found;
    }
    return found;
  }
}
