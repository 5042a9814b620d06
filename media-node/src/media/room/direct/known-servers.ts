/**
 * What joins have taught about the servers that we join, so that not every call learns it anew: whether one knows the one-connection mode, and whether
 * media reaches it only by a relay. Forgotten after a while, because servers are upgraded and networks repaired.
 */
import { roomLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../../../clock.ts';
import type { StayAdvice } from './room-stay.ts';
import type { TurnServer } from './turn-servers.ts';

export interface KnownServer {
  readonly needsTwoConnections: boolean;
  readonly relay: readonly TurnServer[] | null;
}

interface Entry extends KnownServer {
  readonly learntAtMono: number;
}

const nothing: KnownServer = { needsTwoConnections: false, relay: null };

export class KnownServers {
  readonly #servers = new Map<string, Entry>();

  /** What is known of the server at that URL. */
  of(url: string, clock: Clock): KnownServer {
    const known = this.#servers.get(url);
    if (known === undefined) return nothing;
    if (clock.nowMono() - known.learntAtMono < roomLimits.serverKnownMs) return known;
    this.#servers.delete(url);
    return nothing;
  }

  learn(url: string, advice: StayAdvice, clock: Clock): void {
    if (advice.kind === 'region') return;
    const before = this.of(url, clock);
    // The newest stays: whoever joins more servers than this learns anew.
    if (this.#servers.size >= roomLimits.serversKnownMax) this.#servers.clear();
    this.#servers.set(url, {
      needsTwoConnections: before.needsTwoConnections || advice.kind === 'two-connections',
      relay: advice.kind === 'relay' ? advice.servers : before.relay,
      learntAtMono: clock.nowMono(),
    });
  }
}
