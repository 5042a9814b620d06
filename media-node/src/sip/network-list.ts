/** Networks that the configuration names, and whether an address lies in one of them. Pure. */
import {
  type IpPrefix,
  parseIpAddress,
  parseIpPrefix,
  prefixHolds,
} from '@callgate/shared/routing/ip-address.ts';

export class NetworkList {
  readonly #prefixes: readonly IpPrefix[];

  /** @param networks addresses or CIDR networks. @throws Error for what is neither */
  constructor(networks: readonly string[]) {
    this.#prefixes = networks.map((text) => {
      const prefix = parseIpPrefix(text);
      if (prefix === null) throw new Error(`${text} is no address or network`);
      return prefix;
    });
  }

  /** @param text IP literal without brackets; what is none lies in no network */
  holds(text: string): boolean {
    const address = parseIpAddress(text);
    return address !== null && this.#prefixes.some((prefix) => prefixHolds(prefix, address));
  }
}
