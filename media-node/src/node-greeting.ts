/**
 * The node's hello to the edge: a wrong token, version or clock is a log line now, not a refused caller later; and the edge hears that the calls of the process before are
 * lost. Said until the edge has heard it, and again now and then, since a clock can go wrong later.
 */
import type { NodeHello, NodeWelcome } from '@callgate/shared/contract/hello.ts';
import { contractVersion } from '@callgate/shared/contract/version.ts';
import { helloLimits } from '@callgate/shared/limits.ts';
import type { Clock, Timer } from './clock.ts';
import type { NodeConfig } from './config.ts';
import type { Log } from './ops/log.ts';
import { nodeVersion } from './version.ts';

export interface GreetingParts {
  readonly config: Pick<NodeConfig, 'name' | 'edgeUrl'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly edge: { hello(hello: NodeHello): Promise<NodeWelcome> };
  readonly startedAtMono: number;
  readonly onWelcome: (welcome: NodeWelcome) => void;
}

export class Greeting {
  readonly #parts: GreetingParts;
  #timer: Timer | null = null;
  #failures = 0;
  #wasHeard = false;
  #isSkewed = false;
  #isStopped = false;

  constructor(parts: GreetingParts) {
    this.#parts = parts;
  }

  /** The clock of this machine is further from the edge's than nonces live. */
  get isClockSkewed(): boolean {
    return this.#isSkewed;
  }

  /** Says hello until `stop`. */
  start(): void {
    void this.#greet();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  async #greet(): Promise<void> {
    const { config, edge, log } = this.#parts;
    try {
      const welcome = await edge.hello(this.#hello());
      if (this.#isStopped) return;
      this.#heard(welcome);
      this.#again(helloLimits.againMs);
    } catch (error) {
      if (this.#isStopped) return;
      if (this.#failures === 0)
        log('error', 'edge-hello-failed', { edge: config.edgeUrl.origin, why: error });
      const waitMs = helloLimits.retryFirstMs * 2 ** this.#failures;
      this.#failures = Math.min(this.#failures + 1, 16);
      this.#again(Math.min(waitMs, helloLimits.retryMaxMs));
    }
  }

  /** Calls of the process before are lost once: a later hello does not speak of them. */
  #hello(): NodeHello {
    const { config, clock, startedAtMono } = this.#parts;
    return {
      contract: contractVersion,
      name: config.name,
      version: nodeVersion,
      clock_ms: clock.nowWall(),
      ...(this.#wasHeard ? {} : { uptime_ms: Math.round(clock.nowMono() - startedAtMono) }),
    };
  }

  #heard(welcome: NodeWelcome): void {
    const { revision, clock_skew_ms } = welcome;
    const isNews = !this.#wasHeard || this.#failures > 0 || this.#isSkewed;
    this.#isSkewed = Math.abs(clock_skew_ms) > helloLimits.clockSkewMs;
    this.#wasHeard = true;
    this.#failures = 0;
    if (this.#isSkewed) this.#parts.log('warn', 'clock-skew', { revision, clock_skew_ms });
    else if (isNews) this.#parts.log('info', 'edge-reached', { revision, clock_skew_ms });
    this.#parts.onWelcome(welcome);
  }

  #again(afterMs: number): void {
    this.#timer = this.#parts.clock.after(afterMs, () => void this.#greet());
  }
}
