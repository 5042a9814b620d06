/**
 * Twirp on the wire (twitchtv/twirp v7 protocol): routes, two encodings, and errors as JSON with `code`, `msg`, perhaps `meta`, and nothing else. The content
 * type of an error is exactly `application/json`: LiveKit's Node SDK compares the whole header.
 */

const statuses = {
  canceled: 408,
  unknown: 500,
  invalid_argument: 400,
  malformed: 400,
  deadline_exceeded: 408,
  not_found: 404,
  bad_route: 404,
  already_exists: 409,
  permission_denied: 403,
  unauthenticated: 401,
  resource_exhausted: 429,
  failed_precondition: 412,
  aborted: 409,
  out_of_range: 400,
  unimplemented: 501,
  internal: 500,
  unavailable: 503,
} as const;

export type TwirpCode = keyof typeof statuses;

export function isTwirpCode(code: string): code is TwirpCode {
  return Object.hasOwn(statuses, code);
}

export class TwirpError extends Error {
  readonly code: TwirpCode;
  readonly meta: Readonly<Record<string, string>> | undefined;

  constructor(code: TwirpCode, msg: string, meta?: Readonly<Record<string, string>>) {
    super(msg);
    this.name = 'TwirpError';
    this.code = code;
    this.meta = meta;
  }

  toResponse(): Response {
    const { code, message: msg, meta } = this;
    return new Response(JSON.stringify({ code, msg, meta }), {
      status: statuses[this.code],
      headers: { 'content-type': 'application/json' },
    });
  }
}

/** The error for a request that leads to no RPC, in the words of Twirp's own servers; what they repeat of the request is cut here. */
export function badRoute(request: Request, msg: (path: string) => string): TwirpError {
  const path = new URL(request.url).pathname.replace(/\/{2,}/g, '/').slice(0, 256);
  return new TwirpError('bad_route', msg(path), {
    twirp_invalid_route: `${request.method} ${path}`,
  });
}

export function noHandler(request: Request): TwirpError {
  return badRoute(request, (path) => `no handler for path ${JSON.stringify(path)}`);
}

export type TwirpEncoding = 'json' | 'protobuf';

/** The encoding of a request, which is that of its answer. @throws TwirpError `bad_route` */
export function encodingOf(request: Request): TwirpEncoding {
  const header = request.headers.get('content-type') ?? '';
  const type = (header.split(';', 1)[0] ?? '').trim().toLowerCase();
  if (type === 'application/json') return 'json';
  if (type === 'application/protobuf') return 'protobuf';
  throw badRoute(request, () => `unexpected Content-Type: ${JSON.stringify(header.slice(0, 128))}`);
}
