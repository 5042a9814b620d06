/** What the node has and how much of it is used, from the parts that know: for admission, for the edge and for /stats. */
import { availableParallelism } from 'node:os';
import type { NodeStatus } from '@callgate/shared/contract/link.ts';
import type { NodeCapacity, NodeLoad } from './call/admission.ts';
import type { NodeConfig } from './config.ts';
import type { MediaPool } from './media/media-session.ts';
import type { LoadMeter } from './ops/load-meter.ts';
import { nodeVersion } from './version.ts';

export interface NodeLoadParts {
  readonly config: Pick<NodeConfig, 'capacity' | 'rtpPorts'>;
  readonly calls: { readonly size: number };
  readonly media: MediaPool;
  readonly meter: LoadMeter;
}

export class NodeLoadView {
  readonly capacity: NodeCapacity;
  readonly #parts: NodeLoadParts;
  /** Asked once: the kernel takes its time to tell, and every INVITE asks for the load. */
  readonly #cores = availableParallelism();

  constructor(parts: NodeLoadParts) {
    this.#parts = parts;
    const { from, to } = parts.config.rtpPorts;
    const pairs = Math.floor((to - (from + (from % 2)) + 1) / 2);
    this.capacity = { ...parts.config.capacity, rtpPorts: pairs };
  }

  now(): NodeLoad {
    const { calls, media, meter } = this.#parts;
    const { rtpPortsBound, residentBytes, coresUsed } = media.stats();
    return {
      calls: calls.size,
      cpu: (meter.coresUsed + coresUsed) / this.#cores,
      loopDelayMs: meter.loopDelayMs,
      rtpPortsFree: Math.max(0, this.capacity.rtpPorts - rtpPortsBound),
      residentBytes: residentBytes + meter.residentBytes,
    };
  }

  status(state: NodeStatus['state'], recordsPending: number): NodeStatus {
    const load = this.now();
    return {
      version: nodeVersion,
      state,
      calls: load.calls,
      calls_max: this.capacity.calls,
      calls_per_second: this.#parts.meter.callsPerSecond,
      calls_per_second_max: this.capacity.callsPerSecond,
      cpu: Math.round(load.cpu * 1_000) / 1_000,
      loop_delay_ms: Math.round(load.loopDelayMs * 10) / 10,
      rtp_ports_free: load.rtpPortsFree,
      resident_bytes: load.residentBytes,
      records_pending: recordsPending,
    };
  }

  noteInvite(): void {
    this.#parts.meter.noteCall();
  }
}
