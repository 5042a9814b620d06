/**
 * Errors of `/v1`: application/problem+json (RFC 9457) with a stable `code`. A Problem is thrown where the error is
 * found and turned into a response in one place (app.ts). `detail` names the field and what was expected; it never repeats what
 * the client sent.
 */

interface ProblemKind {
  readonly status: number;
  readonly title: string;
}

const kinds = {
  'bad-json': { status: 400, title: 'The body is not usable JSON' },
  'bad-field': { status: 400, title: 'A field does not hold what was expected' },
  'contract-version': {
    status: 400,
    title: 'Node and edge speak different versions of the contract',
  },
  unauthenticated: { status: 401, title: 'The request carries no valid credential' },
  'bad-signature': { status: 401, title: 'The message is not signed as it must be' },
  forbidden: { status: 403, title: 'The credential does not allow this' },
  'not-found': { status: 404, title: 'There is no such thing' },
  'method-not-allowed': { status: 405, title: 'The path does not know this method' },
  'routing-invalid': { status: 422, title: 'The routing document is not consistent' },
  'revision-mismatch': { status: 412, title: 'The routing table is at another revision' },
  'idempotency-key-reused': {
    status: 422,
    title: 'The idempotency key stands for another request',
  },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body is of another type than expected' },
  'command-refused': { status: 409, title: 'The node did not do what it was told' },
  'node-away': { status: 409, title: 'The node cannot be told anything now' },
  'node-silent': { status: 504, title: 'The node has not answered' },
  'upgrade-required': { status: 426, title: 'The path speaks WebSocket' },
  internal: { status: 500, title: 'The edge failed' },
  misconfigured: { status: 500, title: 'A variable of the Worker is not set as it must be' },
  'routing-unavailable': { status: 503, title: 'The routing table cannot be read' },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof kinds;

/** One thing that is wrong with a document that was read whole. */
export interface ProblemItem {
  /** Path of the field, `trunks.3.numbers.0`. */
  readonly field: string;
  readonly detail: string;
}

export class Problem extends Error {
  readonly code: ProblemCode;
  readonly headers: Readonly<Record<string, string>>;
  readonly errors: readonly ProblemItem[];

  constructor(
    code: ProblemCode,
    detail: string,
    more: { headers?: Record<string, string>; errors?: readonly ProblemItem[] } = {},
  ) {
    super(detail);
    this.name = 'Problem';
    this.code = code;
    this.headers = more.headers ?? {};
    this.errors = more.errors ?? [];
  }

  get status(): number {
    return kinds[this.code].status;
  }

  toResponse(): Response {
    const { status, title } = kinds[this.code];
    const body = {
      type: `/v1/problems/${this.code}`,
      title,
      status,
      code: this.code,
      detail: this.message,
      ...(this.errors.length > 0 ? { errors: this.errors } : {}),
    };
    return new Response(JSON.stringify(body), {
      status,
      headers: { ...this.headers, 'content-type': 'application/problem+json' },
    });
  }
}

/** What `GET /v1/problems/{code}` says; undefined: there is no such code. */
export function problemKind(code: string): (ProblemKind & { code: string }) | undefined {
  return Object.hasOwn(kinds, code) ? { code, ...kinds[code as ProblemCode] } : undefined;
}
