/**
 * The RTP ports of this node: even ones of a configured range, each with the odd one above it for RTCP (RFC 3550 §11), handed out from a random start,
 * taken back and drained. A
 * freed port stays bound and discards what still comes, until the old stream has been silent for a while: a new call on the same port
 * must not hear the end of another. One timer for all ports that drain.
 */
import { randomInt } from 'node:crypto';
import { mediaLimits } from '@callgate/shared/limits.ts';
import type { Clock, Timer } from '../../clock.ts';
import { PartError } from '../../part-error.ts';
import { RtpPort } from './rtp-port.ts';

/** What a call gets. */
export interface PortPair {
  readonly rtp: RtpPort;
  /** One above. */
  readonly rtcp: RtpPort;
}

interface Draining {
  readonly pair: PortPair;
  readonly freedAtMono: number;
  lastPacketAtMono: number;
}

export interface RtpPortRangeOptions {
  /** Address literal to bind. */
  readonly address: string;
  /** Both ends belong to the range. */
  readonly range: { readonly from: number; readonly to: number };
  readonly clock: Clock;
}

export class RtpPortRange {
  readonly #address: string;
  readonly #first: number;
  readonly #count: number;
  readonly #clock: Clock;
  /** Numbers of RTP ports that are bound by us or being bound. */
  readonly #bound = new Set<number>();
  readonly #draining = new Map<number, Draining>();
  #next: number;
  #sweep: Timer | null = null;
  #isClosed = false;

  constructor({ address, range, clock }: RtpPortRangeOptions) {
    this.#address = address;
    this.#clock = clock;
    this.#first = range.from + (range.from % 2);
    this.#count = Math.max(0, Math.floor((range.to - this.#first + 1) / 2));
    this.#next = this.#count > 0 ? randomInt(this.#count) : 0;
  }

  /** Pairs bound now, those that drain included. */
  get size(): number {
    return this.#bound.size;
  }

  /** Binds a free pair. @throws PartError `no-rtp-port` when there is none, or the address cannot be bound. */
  async take(): Promise<PortPair> {
    let cause: unknown;
    for (let tried = 0; tried < this.#count && !this.#isClosed; tried++) {
      const number = this.#first + 2 * this.#next;
      this.#next = (this.#next + 1) % this.#count;
      if (this.#bound.has(number)) continue;
      this.#bound.add(number);
      try {
        return await this.#bind(number);
      } catch (error) {
        this.#bound.delete(number);
        cause = error;
        // Another program has this port: try the next. Anything else will not get better.
        if (!isAddressInUse(error)) break;
      }
    }
    const last = this.#first + 2 * Math.max(0, this.#count - 1);
    throw new PartError(
      'no-rtp-port',
      `no RTP port is free on ${this.#address} in ${this.#first}-${last}: ${this.#bound.size} of ${this.#count} are ours` +
        (cause instanceof Error ? `; the last attempt said ${cause.message}` : ''),
      { cause },
    );
  }

  async #bind(number: number): Promise<PortPair> {
    const rtp = await RtpPort.bind(this.#address, number);
    try {
      return { rtp, rtcp: await RtpPort.bind(this.#address, number + 1) };
    } catch (error) {
      await rtp.close();
      throw error;
    }
  }

  /** Takes a pair back. It is closed when its old stream has gone silent. */
  release(pair: PortPair): void {
    const { rtp, rtcp } = pair;
    if (this.#isClosed) {
      this.#bound.delete(rtp.port);
      void rtp.close();
      void rtcp.close();
      return;
    }
    const now = this.#clock.nowMono();
    const draining = { pair, freedAtMono: now, lastPacketAtMono: now };
    rtcp.onDatagram(() => {});
    rtp.onDatagram(() => {
      draining.lastPacketAtMono = this.#clock.nowMono();
    });
    this.#draining.set(rtp.port, draining);
    this.#sweep ??= this.#clock.after(mediaLimits.portDrainIdleMs, () => this.#onSweep());
  }

  /** Closes what drains; ports still in use are closed when they are released. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sweep?.cancel();
    this.#sweep = null;
    await Promise.all([...this.#draining.values()].map((one) => this.#free(one)));
  }

  #onSweep(): void {
    this.#sweep = null;
    const now = this.#clock.nowMono();
    for (const draining of this.#draining.values()) {
      const isSilent = now - draining.lastPacketAtMono >= mediaLimits.portDrainIdleMs;
      const isTooLong = now - draining.freedAtMono >= mediaLimits.portDrainMaxMs;
      if (isSilent || isTooLong) void this.#free(draining);
    }
    if (this.#draining.size > 0) {
      this.#sweep = this.#clock.after(mediaLimits.portDrainIdleMs / 2, () => this.#onSweep());
    }
  }

  async #free({ pair: { rtp, rtcp } }: Draining): Promise<void> {
    this.#draining.delete(rtp.port);
    await Promise.all([rtp.close(), rtcp.close()]);
    this.#bound.delete(rtp.port);
  }
}

function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
