/**
 * The port between SIP and its sockets: messages come in with the flow they came by, and go out by a flow. Nothing here throws into a
 * call: what cannot be sent is told to the one who sent it.
 */
import type { SipSource } from '../sip-endpoint.ts';

export type TransportName = SipSource['transport'];

export interface HostPort {
  /** IP literal without brackets. */
  readonly address: string;
  readonly port: number;
}

/** A peer that we send to first. */
export interface Peer extends HostPort {
  /** Host name that a TLS peer must prove (RFC 5922); absent when only its address is known. */
  readonly name?: string;
}

/** A way to reach one peer: a UDP socket and an address, or a connection. */
export interface Flow {
  readonly transport: TransportName;
  /** TCP and TLS: what is sent arrives, or the connection breaks. */
  readonly isReliable: boolean;
  /** False once a connection has ended. */
  readonly isOpen: boolean;
  readonly local: HostPort;
  readonly remote: HostPort;
  /**
   * Sends one message.
   * @param to where to, for a datagram; a connection has its peer
   * @param onFailed called at most once, never before `send` returns
   */
  send(bytes: Buffer, to: HostPort, onFailed: (why: string) => void): void;
  /**
   * A dialog lives on it: a connection stays open however long nothing is said, because a phone that opened it can rarely be connected to.
   * @returns what ends that
   */
  hold(): () => void;
}

/** One whole message as it came from the network; `bytes` is ours to keep. */
export interface Arrival {
  readonly bytes: Buffer;
  readonly flow: Flow;
}

export interface TransportEvents {
  onMessage(arrival: Arrival): void;
  /** Something of no consequence to a call: a socket error, a connection that had to be ended. */
  onTrouble(what: string, fields: Readonly<Record<string, unknown>>): void;
}

export interface Transport {
  readonly name: TransportName;
  /** Binds. @throws Error naming address and port when they cannot be had */
  open(events: TransportEvents): Promise<HostPort>;
  /** Where it is bound. */
  readonly bound: HostPort;
  /** A flow to a peer that has not spoken first, or has by another. */
  flowTo(peer: Peer): Flow;
  close(): Promise<void>;
}
