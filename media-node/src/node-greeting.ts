/** The node's hello to the edge: a wrong token, version or clock is a log line now, not a refused caller later. */
import type { NodeWelcome } from '@callgate/shared/contract/hello.ts';
import { contractVersion } from '@callgate/shared/contract/version.ts';
import type { Clock } from './clock.ts';
import type { NodeConfig } from './config.ts';
import type { HttpEdge } from './edge/http-edge-client.ts';
import type { Log } from './ops/log.ts';
import { nodeVersion } from './version.ts';

/** Nonces live for half a minute. */
export function isClockSkewed({ clock_skew_ms }: Pick<NodeWelcome, 'clock_skew_ms'>): boolean {
  return Math.abs(clock_skew_ms) > 30_000;
}

/** @returns null when the edge did not answer, which has been logged */
export async function greet(parts: {
  readonly config: NodeConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly edge: HttpEdge;
  readonly startedAtMono: number;
}): Promise<NodeWelcome | null> {
  const { config, clock, log, edge } = parts;
  try {
    const welcome = await edge.hello({
      contract: contractVersion,
      name: config.name,
      version: nodeVersion,
      clock_ms: clock.nowWall(),
      uptime_ms: Math.round(clock.nowMono() - parts.startedAtMono),
    });
    const { revision, clock_skew_ms } = welcome;
    if (isClockSkewed(welcome)) log('warn', 'clock-skew', { revision, clock_skew_ms });
    else log('info', 'edge-reached', { revision, clock_skew_ms });
    return welcome;
  } catch (error) {
    log('error', 'edge-hello-failed', { edge: config.edgeUrl.origin, why: error });
    return null;
  }
}
