/**
 * Everything of LiveKit's API that is not livekit.SIP goes to LiveKit itself, unchanged, so that one URL serves an application's whole LiveKit client. LiveKit
 * judges the token; this Worker adds nothing and keeps nothing. Switched off by FORWARD_LIVEKIT_API="false".
 */
import { type Env, forwardsLivekitApi, livekitOf } from '../env.ts';
import { logLine } from '../log.ts';
import { noHandler, TwirpError } from './twirp.ts';

/** `/twirp/livekit.<Service>/<Method>`: the only paths that are forwarded. */
const twirpPath = /^\/twirp\/livekit\.[A-Za-z]{1,64}\/[A-Za-z]{1,64}$/;
/** Headers of the request that LiveKit needs; the others are between client and Worker. */
const forwardedHeaders = [
  'authorization',
  'content-type',
  'x-twirp-timeout-ms',
  'x-livekit-request-id',
];

/** LiveKit's answer, or a Twirp error. @throws TwirpError `bad_route`, `unavailable` */
export async function forwardTwirp(request: Request, env: Env): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  if (!forwardsLivekitApi(env) || !twirpPath.test(pathname)) throw noHandler(request);
  const target = new URL(livekitOf(env).url.replace(/^ws/, 'http'));
  target.pathname = target.pathname.replace(/\/$/, '') + pathname;
  target.search = search;
  const headers = new Headers();
  for (const name of forwardedHeaders) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  try {
    const { method, body } = request;
    const answer = await fetch(target, { method, headers, body, redirect: 'manual' });
    return new Response(answer.body, {
      status: answer.status,
      headers: { 'content-type': answer.headers.get('content-type') ?? 'application/json' },
    });
  } catch (error) {
    logLine('error', 'livekit-away', { path: pathname, message: String(error) });
    throw new TwirpError('unavailable', 'LiveKit cannot be reached');
  }
}
