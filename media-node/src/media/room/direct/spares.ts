/** What a media process keeps ready for the rooms to come. */
import type { Clock } from '../../../clock.ts';
import { SpareConnections } from './spare-connections.ts';
import { SpareSockets } from './spare-sockets.ts';

export class Spares {
  readonly connections: SpareConnections;
  readonly sockets: SpareSockets;

  /** @param bindAddress as in PeerOptions */
  constructor(clock: Clock, bindAddress: string | null) {
    this.connections = new SpareConnections(clock, bindAddress);
    this.sockets = new SpareSockets(clock);
  }

  /** Frees it. Resolves within callLimits.closeMs. */
  close(): Promise<void> {
    this.sockets.close();
    return this.connections.close();
  }
}
