/** Which host and port of ours a peer should use: in Contact, and in the Via of our own requests. */
import type { AdvertisedHosts } from '../advertised-hosts.ts';
import type { Clock } from '../clock.ts';
import {
  type InterfaceAddress,
  interfaceAddresses,
  localAddressFor,
} from './transport/local-address.ts';
import type { Flow, HostPort } from './transport/transport.ts';
import { writeHostPort } from './wire/uri.ts';

/** Interfaces come and go; asking the kernel for each call would cost more than it brings. */
const interfacesAgeMs = 10_000;

export class OwnAddresses {
  readonly #advertise: AdvertisedHosts | null;
  readonly #clock: Clock;
  #interfaces: readonly InterfaceAddress[] = [];
  #readAtMono = Number.NEGATIVE_INFINITY;

  /** @param advertise host that peers can reach; null: the address they reached */
  constructor(advertise: AdvertisedHosts | null, clock: Clock) {
    this.#advertise = advertise;
    this.#clock = clock;
  }

  for(flow: Flow): HostPort {
    const { address, port } = flow.local;
    const peer = flow.remote.address;
    return { address: this.#advertise?.for(peer) ?? this.#localFor(peer, address), port };
  }

  /**
   * `<sip:host:port>`, with the transport where it is not UDP. RFC 3261 §20.10.
   * @param isSecure the dialog was asked for as sips: over TLS its Contact is one, too (§12.1.1)
   */
  contactFor(flow: Flow, isSecure: boolean): string {
    const { address, port } = this.for(flow);
    if (isSecure && flow.transport === 'tls') return `<sips:${writeHostPort(address, port)}>`;
    const transport = flow.transport === 'udp' ? '' : `;transport=${flow.transport}`;
    return `<sip:${writeHostPort(address, port)}${transport}>`;
  }

  #localFor(peer: string, bound: string): string {
    if (bound !== '0.0.0.0' && bound !== '::') return bound;
    const now = this.#clock.nowMono();
    if (now - this.#readAtMono > interfacesAgeMs) {
      this.#interfaces = interfaceAddresses();
      this.#readAtMono = now;
    }
    return localAddressFor(peer, bound, this.#interfaces);
  }
}
