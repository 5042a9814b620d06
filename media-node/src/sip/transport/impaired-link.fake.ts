/**
 * A bad network between a caller and the endpoint, on real sockets: a UDP relay that loses, delays, doubles and reorders by a seeded
 * schedule, each way. The kernel here has no netem, and a schedule that can be repeated is better than one that cannot.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Clock, Timer } from '../../clock.ts';
import type { HostPort } from './transport.ts';

export interface Impairment {
  /** Shares of 1; of losses also which messages exactly. */
  readonly loss: number | ((message: string) => boolean);
  readonly duplicate: number;
  /** Share that is held back until after what follows it. */
  readonly reorder: number;
  /** Every packet is late by the first, and by up to the second more, ms. */
  readonly delayMs: readonly [least: number, jitter: number];
}

export interface LinkCounts {
  carried: number;
  lost: number;
  doubled: number;
  heldBack: number;
}

/** One caller's side: the endpoint sees each caller from a port of its own. */
interface Branch {
  readonly socket: Socket;
  readonly caller: HostPort;
  isBound: boolean;
}

/** Callers that one link carries; a test has few. */
const branchesMax = 256;

/** How long a packet that is held back waits beyond its delay, ms: longer than what follows it. */
const holdMs = 60;

export class ImpairedLink {
  readonly counts: LinkCounts = { carried: 0, lost: 0, doubled: 0, heldBack: 0 };
  readonly #target: HostPort;
  readonly #impairment: Impairment;
  readonly #clock: Clock;
  readonly #front = createSocket('udp4');
  readonly #branches = new Map<string, Branch>();
  readonly #underway = new Set<Timer>();
  /** One row of random numbers each way: what one side sends does not change what the other's meets. */
  readonly #toTarget: () => number;
  readonly #fromTarget: () => number;

  constructor(options: { target: HostPort; impairment: Impairment; clock: Clock; seed: number }) {
    this.#target = options.target;
    this.#impairment = options.impairment;
    this.#clock = options.clock;
    this.#toTarget = randomRow(options.seed);
    this.#fromTarget = randomRow(options.seed + 1);
  }

  /** Where callers should send to. */
  async open(address: string): Promise<HostPort> {
    this.#front.bind(0, address);
    await once(this.#front, 'listening');
    this.#front.on('message', (bytes, { address: from, port }) => {
      const branch = this.#branchOf({ address: from, port }, address);
      if (branch === null) return;
      this.#carry(bytes, this.#toTarget, () =>
        branch.socket.send(bytes, this.#target.port, this.#target.address),
      );
    });
    return { address, port: this.#front.address().port };
  }

  /** Where the target sends what is meant for a caller, also before that has said anything. After `open`. */
  async entranceFor(caller: HostPort): Promise<HostPort> {
    const { address } = this.#front.address();
    const branch = this.#branchOf(caller, address);
    if (branch === null) throw new Error(`the link has ${branchesMax} callers already`);
    if (!branch.isBound) await once(branch.socket, 'listening');
    return { address, port: branch.socket.address().port };
  }

  async close(): Promise<void> {
    for (const timer of this.#underway) timer.cancel();
    this.#underway.clear();
    for (const { socket } of this.#branches.values()) socket.close();
    this.#branches.clear();
    await new Promise<void>((resolve) => {
      this.#front.close(resolve);
    });
  }

  #branchOf(caller: HostPort, address: string): Branch | null {
    const key = `${caller.address} ${caller.port}`;
    const known = this.#branches.get(key);
    if (known !== undefined) return known;
    if (this.#branches.size >= branchesMax) return null;
    const socket = createSocket('udp4');
    const branch = { socket, caller, isBound: false };
    socket.bind(0, address, () => {
      branch.isBound = true;
    });
    socket.on('message', (bytes) =>
      this.#carry(bytes, this.#fromTarget, () =>
        this.#front.send(bytes, caller.port, caller.address),
      ),
    );
    this.#branches.set(key, branch);
    return branch;
  }

  #carry(bytes: Buffer, random: () => number, deliver: () => void): void {
    const { loss, duplicate, reorder, delayMs } = this.#impairment;
    const isLost = typeof loss === 'number' ? random() < loss : loss(bytes.toString('latin1'));
    if (isLost) {
      this.counts.lost += 1;
      return;
    }
    const isHeld = random() < reorder;
    if (isHeld) this.counts.heldBack += 1;
    this.#later(delayMs[0] + delayMs[1] * random() + (isHeld ? holdMs : 0), deliver);
    if (random() >= duplicate) return;
    this.counts.doubled += 1;
    this.#later(delayMs[0] + delayMs[1] * random(), deliver);
  }

  #later(ms: number, deliver: () => void): void {
    const timer = this.#clock.after(ms, () => {
      this.#underway.delete(timer);
      this.counts.carried += 1;
      deliver();
    });
    this.#underway.add(timer);
  }
}

/** 0 up to 1, the same row for the same seed (mulberry32). */
function randomRow(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
