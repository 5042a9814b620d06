/** `/twirp/…`: livekit.SIP is answered here, the other services of LiveKit are forwarded. Any origin may ask, as with livekit-server. */
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { ConfigError, type Env } from '../env.ts';
import { logLine } from '../log.ts';
import { forwardTwirp } from './forward.ts';
import { answerSip } from './sip-route.ts';
import { TwirpError } from './twirp.ts';

/** A day, s: what livekit-server lets a browser remember. */
const preflightAgeS = 86_400;

export const twirpRoute = new Hono<{ Bindings: Env }>()
  .use(
    cors({
      origin: '*',
      allowMethods: ['OPTIONS', 'HEAD', 'GET', 'POST', 'PATCH', 'DELETE'],
      maxAge: preflightAgeS,
    }),
  )
  .all('/livekit.SIP/:method', (c) => answerSip(c.req.raw, c.env, c.req.param('method')))
  .all('/*', async (c) => {
    try {
      return await forwardTwirp(c.req.raw, c.env);
    } catch (error) {
      if (error instanceof TwirpError) return error.toResponse();
      const detail = error instanceof ConfigError ? error.message : 'internal error';
      logLine('error', 'forward-failed', { message: String(error) });
      return new TwirpError('internal', detail).toResponse();
    }
  });
