/** Which address of ours a peer sees, for Contact and Via, when the socket listens on all of them. */
import { BlockList, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** One address of this machine with its subnet. */
export interface InterfaceAddress {
  readonly address: string;
  readonly prefixBits: number;
  readonly isInternal: boolean;
}

/** The addresses of this machine, as they are now. */
export function interfaceAddresses(): InterfaceAddress[] {
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .map(({ address, cidr, internal }) => ({
      address,
      prefixBits: Number(cidr?.split('/')[1] ?? (isIPv6(address) ? 128 : 32)),
      isInternal: internal,
    }));
}

/**
 * The bound address, unless it is a wildcard: then the one whose subnet holds the peer, else the first that is not loopback, else the
 * first of the peer's family.
 */
export function localAddressFor(
  peer: string,
  bound: string,
  addresses: readonly InterfaceAddress[],
): string {
  if (bound !== '0.0.0.0' && bound !== '::') return bound;
  const family = addresses.filter(({ address }) => isIPv6(address) === isIPv6(peer));
  const near = family.find((one) => holds(one, peer));
  const outside = family.find(
    ({ isInternal, address }) => !isInternal && !address.startsWith('fe80:'),
  );
  return (near ?? outside ?? family[0])?.address ?? bound;
}

function holds({ address, prefixBits }: InterfaceAddress, peer: string): boolean {
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  const subnet = new BlockList();
  subnet.addSubnet(address, prefixBits, family);
  return subnet.check(peer, family);
}
