/** What the health listener answers: is the process alive, does it take calls, what does it hold, and the figures for Prometheus. */
import type { Registry } from 'prom-client';
import { type HealthAnswer, jsonAnswer } from './health.ts';

export interface HealthReport {
  readonly status: 'ok' | 'draining';
  readonly calls: number;
}

/** One condition of readiness: it holds, or what is wrong in a few words. */
export type Check = 'ok' | string;

export interface HealthRouteParts {
  readonly health: () => HealthReport;
  /** Conditions of taking calls, by name. */
  readonly checks: () => Readonly<Record<string, Check>>;
  /** What an operator should know although calls are taken. */
  readonly warnings: () => readonly string[];
  /** Plain data: counts of what the node holds. */
  readonly stats: () => Readonly<Record<string, unknown>>;
  readonly registry: Registry;
  /** SIP messages of a call, redacted, by its id or its Call-ID; null: not kept. */
  readonly ladders: {
    asText(id: string): string | null;
    asJson(id: string): object | null;
  };
}

/**
 * - `/live`: 200 while the process runs; a supervisor that gets no answer restarts it.
 * - `/ready`: 200 while every condition of taking a call holds, else 503; which ones, and warnings, are in the body.
 * - `/health`: 200 unless draining: what load balancers asked before there was `/ready`.
 * - `/stats`, `/metrics`.
 * - `/calls/{id}/ladder` and `/calls/{id}/ladder.json`: the SIP messages of one of the last calls.
 */
export function healthRoutes(
  parts: HealthRouteParts,
): (path: string) => HealthAnswer | Promise<HealthAnswer> {
  const routes: Readonly<Record<string, () => HealthAnswer | Promise<HealthAnswer>>> = {
    '/live': () => jsonAnswer(200, { status: 'ok' }),
    '/ready': () => {
      const checks = parts.checks();
      const isReady = Object.values(checks).every((check) => check === 'ok');
      return jsonAnswer(isReady ? 200 : 503, {
        status: isReady ? 'ok' : 'not-ready',
        checks,
        warnings: parts.warnings(),
      });
    },
    '/health': () => {
      const report = parts.health();
      return jsonAnswer(report.status === 'ok' ? 200 : 503, report);
    },
    '/stats': () => jsonAnswer(200, parts.stats()),
    '/metrics': async () => ({
      status: 200,
      contentType: parts.registry.contentType,
      body: await parts.registry.metrics(),
    }),
  };
  return (path) => {
    const [name = ''] = path.split('?');
    const route = Object.hasOwn(routes, name) ? routes[name] : undefined;
    return (
      route?.() ??
      ladderAnswer(name, parts.ladders) ??
      jsonAnswer(404, { error: `only ${Object.keys(routes).join(', ')}, /calls/{id}/ladder` })
    );
  };
}

/** null: the path asks for no ladder. */
function ladderAnswer(path: string, ladders: HealthRouteParts['ladders']): HealthAnswer | null {
  const match = /^\/calls\/([^/]{1,256})\/ladder(\.json)?$/.exec(path);
  if (match === null) return null;
  const id = decoded(match[1] ?? '');
  const gone = () => jsonAnswer(404, { error: 'no such call among the last ones' });
  if (match[2] !== undefined) {
    const ladder = ladders.asJson(id);
    return ladder === null ? gone() : jsonAnswer(200, ladder);
  }
  const body = ladders.asText(id);
  return body === null ? gone() : { status: 200, contentType: 'text/plain; charset=utf-8', body };
}

/** Escapes undone; as written when they are broken. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
