/**
 * Twirp on the wire (twitchtv/twirp v7 protocol): routes, two encodings, and errors as JSON with `code`, `msg` and nothing else. The content
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
  constructor(code: TwirpCode, msg: string) {
    super(msg);
    this.name = 'TwirpError';
    this.code = code;
  }

  toResponse(): Response {
    return new Response(JSON.stringify({ code: this.code, msg: this.message }), {
      status: statuses[this.code],
      headers: { 'content-type': 'application/json' },
    });
  }
}

export type TwirpEncoding = 'json' | 'protobuf';

/** The encoding of a request, which is that of its answer. @throws TwirpError `bad_route` */
export function encodingOf(request: Request): TwirpEncoding {
  const header = request.headers.get('content-type') ?? '';
  const type = (header.split(';', 1)[0] ?? '').trim().toLowerCase();
  if (type === 'application/json') return 'json';
  if (type === 'application/protobuf') return 'protobuf';
  throw new TwirpError(
    'bad_route',
    'unexpected Content-Type: expected application/json or application/protobuf',
  );
}
