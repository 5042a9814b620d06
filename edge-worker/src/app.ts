/**
 * The Worker's HTTP surface: which path leads to which room, and how errors leave. `/v1` speaks problem+json, `/twirp` speaks Twirp; both
 * promise that no error repeats what the client sent.
 */
import { type Context, Hono } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { leasesRoute } from './caps/leases-route.ts';
import type { Clock } from './clock.ts';
import { ConfigError, type Env } from './env.ts';
import { routingHook } from './events/routing-hook.ts';
import { webhooksRoute } from './events/webhooks-route.ts';
import { Problem, problemKind } from './http/problem.ts';
import { hangupRoute } from './live/hangup-route.ts';
import { twirpRoute } from './livekit-api/twirp-route.ts';
import { logLine } from './log.ts';
import { enrolmentRoute } from './nodes/enrolment-route.ts';
import { nodeOperationsRoute } from './nodes/node-operations-route.ts';
import { nodesRoute } from './nodes/nodes-route.ts';
import { offersRoute } from './offers/offers-route.ts';
import { openapiDocument } from './openapi/openapi.ts';
import { callsRoute } from './records/calls-route.ts';
import { recordsRoute } from './records/records-route.ts';
import { RoutingReader } from './routing/read/routing-reader.ts';
import { routingRoute } from './routing/routing-route.ts';
import { simulationRoute } from './simulation/simulation-route.ts';
import { version } from './version.ts';

export function createApp(clock: Clock) {
  const reader = new RoutingReader(clock);
  // livekit-server takes duplicate slashes in paths for one; so do we.
  const getPath = (request: Request) => new URL(request.url).pathname.replace(/\/{2,}/g, '/');
  const app = new Hono<{ Bindings: Env }>({ getPath });
  app.use(methodNotAllowed({ app, onMethodNotAllowed: refuseMethod }));
  app
    .get('/health', (c) => c.json({ status: 'ok' }))
    .get('/version', (c) => c.json(version))
    .route('/twirp', twirpRoute)
    .route('/hooks', routingHook)
    .route('/v1/offers', offersRoute({ clock, reader }))
    .route('/v1/nodes', nodesRoute({ clock }))
    .route('/v1/nodes', enrolmentRoute({ clock }))
    .route('/v1/nodes', nodeOperationsRoute)
    .route('/v1/routing/simulate', simulationRoute)
    .route('/v1/routing', routingRoute)
    .route('/v1', recordsRoute)
    .route('/v1', callsRoute)
    .route('/v1', webhooksRoute({ clock }))
    .route('/v1/calls', hangupRoute)
    .route('/v1', leasesRoute)
    .get('/v1/openapi.json', (c) => c.json(openapiDocument()))
    .get('/v1/problems/:code', (c) => {
      const kind = problemKind(c.req.param('code'));
      if (kind === undefined) throw new Problem('not-found', 'code: expected a code of ours');
      return c.json(kind);
    });
  app.notFound(() => new Problem('not-found', 'the path leads nowhere').toResponse());
  app.onError((error) => toProblem(error).toResponse());
  return app;
}

function refuseMethod(_: Context, methods: readonly string[]): Response {
  const allow = methods.join(', ');
  return new Problem('method-not-allowed', `method: expected one of ${allow}`, {
    headers: { allow },
  }).toResponse();
}

function toProblem(error: Error): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof ConfigError) {
    logLine('error', 'misconfigured', { message: error.message });
    return new Problem('misconfigured', error.message);
  }
  logLine('error', 'request-failed', { message: String(error), stack: error.stack ?? '' });
  return new Problem('internal', 'the edge failed; its log says why');
}
