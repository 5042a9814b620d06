/**
 * Connections to the signalling of the servers that were joined last, made ahead of the next join: with TCP and TLS done a caller waits for three round trips less. Nothing is sent on one before it
 * is taken; one that the server closes, or says anything on, is of no use any more.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { mediaLimits, roomLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../../../clock.ts';
import { areDescriptorsLeft } from '../../../descriptors.ts';
import { Stock } from './stock.ts';

/** An unused one lies no longer than this, ms: proxies give up after a minute what brings no request. */
const keptMs = 45_000;
/** From one probe of TCP to the next, ms: a way that has died is noticed, a NAT on it does not forget. */
const probeMs = 5_000;

/** One that is connected. */
export interface ReadySocket {
  /** What requests are written on. */
  readonly socket: Socket;
  /** Under TLS the connection itself, else the same. */
  readonly transport: Socket;
}

interface Spare extends ReadySocket {
  readonly origin: string;
  isUp: boolean;
}

export class SpareSockets {
  readonly #stock: Stock<Spare>;
  /** Of the last joins, one for each socket that is kept. */
  #origins: readonly string[] = [];

  constructor(clock: Clock) {
    this.#stock = new Stock(clock, {
      countMax: roomLimits.signalSocketsAhead,
      refillMs: roomLimits.refillMs,
      keptMs,
      make: () => this.#make(),
      isOfUse: ({ socket, origin }) => !socket.destroyed && this.#origins.includes(origin),
      drop: ({ socket }) => socket.destroy(),
    });
  }

  /**
   * One that is connected to that server, for good; the server is remembered for the next.
   * @param url of the WebSocket
   * @returns null: there is none
   */
  take(url: URL): ReadySocket | null {
    const wanted = originOf(url);
    this.#origins = [...this.#origins, wanted].slice(-roomLimits.signalSocketsAhead);
    return this.#stock.take((one) => isReady(one, wanted));
  }

  close(): void {
    this.#stock.close();
  }

  #make(): Spare | null {
    const there = this.#stock.things.map((one) => one.origin);
    const origin = this.#origins.find((one) => count(there, one) < count(this.#origins, one));
    if (origin === undefined || !areDescriptorsLeft(mediaLimits.descriptorsLeftMin)) return null;
    const { socket, transport, upEvent } = open(new URL(origin));
    const spare: Spare = { origin, socket, transport, isUp: false };
    transport.setKeepAlive(true, probeMs);
    socket.once(upEvent, () => {
      spare.isUp = true;
    });
    // It is destroyed by that, and not given to anybody; whoever has taken it listens, too.
    for (const one of new Set([socket, transport])) one.on('error', () => {});
    return spare;
  }
}

function open({
  protocol,
  hostname,
  port,
}: URL): ReadySocket & { readonly upEvent: 'connect' | 'secureConnect' } {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const isSecure = protocol === 'wss:';
  const transport = connectTcp({ host, port: Number(port) || (isSecure ? 443 : 80) });
  if (!isSecure) return { socket: transport, transport, upEvent: 'connect' };
  // An address is no name to ask for (RFC 6066 §3).
  const servername = isIP(host) === 0 ? host : '';
  const socket = connectTls({ socket: transport, host, servername });
  return { socket, transport, upEvent: 'secureConnect' };
}

/** Connected, and neither closed nor spoken on: a proxy that gives up says so in HTTP before it closes. */
function isReady({ origin, socket, isUp }: Spare, wanted: string): boolean {
  return isUp && origin === wanted && socket.readyState === 'open' && socket.readableLength === 0;
}

function originOf({ protocol, host }: URL): string {
  return `${protocol}//${host}`;
}

function count(all: readonly string[], wanted: string): number {
  return all.filter((one) => one === wanted).length;
}
