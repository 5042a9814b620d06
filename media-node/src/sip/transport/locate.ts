/**
 * Finding the address of a SIP URI's host: literals at once, names by SRV and address records (RFC 3263 §4.2), within a bounded time. No
 * NAPTR: which transport to use is known, because we only send to those who have called us.
 */
import { Resolver } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { readHost } from '../wire/host.ts';
import type { Uri } from '../wire/uri.ts';
import type { HostPort } from './transport.ts';

/** What is asked of DNS. Each method may reject. */
export interface NameResolver {
  /** SRV records of a name, any order. */
  services(
    name: string,
  ): Promise<readonly { name: string; port: number; priority: number; weight: number }[]>;
  /** Addresses of a host in one family. */
  addresses(host: string, isIPv6: boolean): Promise<readonly string[]>;
}

/** Longest wait for one question, ms: a BYE is worth no more. */
const questionMs = 2_000;

/** DNS as this machine is set up for it. */
export function systemResolver(): NameResolver {
  const resolver = new Resolver({ timeout: questionMs, tries: 1 });
  return {
    services: (name) => resolver.resolveSrv(name),
    addresses: (host, wantsIPv6) => (wantsIPv6 ? resolver.resolve6(host) : resolver.resolve4(host)),
  };
}

export interface LocateOptions {
  readonly transport: 'udp' | 'tcp' | 'tls';
  /** Family of the socket that will send. */
  readonly isIPv6: boolean;
  readonly resolver: NameResolver;
}

/** The peer that a URI names by its address, when it does and the address is of our family; null when DNS has to be asked. */
export function literalPeer(
  uri: Uri,
  { transport, isIPv6: wantsIPv6 }: LocateOptions,
): HostPort | null {
  const host = hostOf(uri);
  if (isIP(host) === 0 || isIPv6(host) !== wantsIPv6) return null;
  return { address: host, port: uri.port ?? defaultPort(uri, transport) };
}

/** @throws Error when the host has no address of the family */
export async function locate(uri: Uri, options: LocateOptions): Promise<HostPort> {
  const literal = literalPeer(uri, options);
  if (literal !== null) return literal;
  const host = hostOf(uri);
  if (isIP(host) !== 0) throw new Error('the address is of another family');
  if (uri.port === null) {
    const service = await bestService(host, options);
    if (service !== null) {
      return { address: await firstAddress(service.name, options), port: service.port };
    }
  }
  return {
    address: await firstAddress(host, options),
    port: uri.port ?? defaultPort(uri, options.transport),
  };
}

/** A maddr overrides the host. RFC 3261 §19.1.1. */
function hostOf(uri: Uri): string {
  return readHost(uri.parameters.get('maddr') ?? '') ?? uri.host;
}

function defaultPort({ scheme }: Uri, transport: LocateOptions['transport']): number {
  return transport === 'tls' || scheme === 'sips' ? 5_061 : 5_060;
}

/** Lowest priority, then highest weight: enough for the one request that goes there. */
async function bestService(host: string, { transport, resolver }: LocateOptions) {
  const name = transport === 'tls' ? `_sips._tcp.${host}` : `_sip._${transport}.${host}`;
  try {
    const services = [...(await resolver.services(name))];
    services.sort((a, b) => a.priority - b.priority || b.weight - a.weight);
    return services[0] ?? null;
  } catch {
    // Most hosts have no SRV record; the address record decides then.
    return null;
  }
}

async function firstAddress(
  host: string,
  { isIPv6: wantsIPv6, resolver }: LocateOptions,
): Promise<string> {
  const [address] = await resolver.addresses(host, wantsIPv6);
  if (address === undefined) throw new Error('the host has no address');
  return address;
}
