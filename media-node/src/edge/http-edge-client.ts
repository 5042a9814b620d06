/**
 * The edge over HTTPS: one POST per question on connections that stay open, one more try within the time a caller can wait. Every
 * failure comes out as a PartError with a reason of the table of outcomes; what the edge said is never trusted before
 * the contract's schema has passed it.
 */
import { type Decision, decision as decisionSchema } from '@callgate/shared/contract/decision.ts';
import { type NodeHello, type NodeWelcome, nodeWelcome } from '@callgate/shared/contract/hello.ts';
import type { LeaseReport } from '@callgate/shared/contract/lease.ts';
import type { Offer } from '@callgate/shared/contract/offer.ts';
import type { PinAnswer } from '@callgate/shared/contract/pin.ts';
import { processHeader } from '@callgate/shared/contract/process.ts';
import type { CallProgress } from '@callgate/shared/contract/progress.ts';
import { traceparentHeader } from '@callgate/shared/contract/traceparent.ts';
import { callLimits, edgeLimits, spoolLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../clock.ts';
import { PartError } from '../part-error.ts';
import { EdgeRefusal } from './edge-refusal.ts';
import { KeepAliveClient } from './keep-alive-client.ts';

export interface HttpEdgeOptions {
  readonly url: URL;
  /** The token in force: it may change while the node runs. */
  readonly nodeToken: () => string;
  /** The word of this run of the node (shared/contract/process.ts). */
  readonly process: string;
  readonly clock: Clock;
}

export class HttpEdge {
  readonly #options: HttpEdgeOptions;
  readonly #client: KeepAliveClient;

  constructor(options: HttpEdgeOptions) {
    this.#options = options;
    this.#client = new KeepAliveClient(options.clock);
  }

  /** `POST /v1/offers`. @throws PartError `edge-unreachable`, `edge-refused-node` or `edge-error`, in callLimits.decisionTotalMs. */
  async decide(offer: Offer, traceparent: string): Promise<Decision> {
    return readDecision(await this.#ask('v1/offers', offer, traceparent));
  }

  /** `POST /v1/offers/{call_id}/pin`. One try: an attempt counts. @throws PartError as `decide` */
  async answerPin(callId: string, answer: PinAnswer, traceparent: string): Promise<Decision> {
    const path = `v1/offers/${callId}/pin`;
    return readDecision(await this.#attempt(path, answer, callLimits.decisionTotalMs, traceparent));
  }

  /** `POST /v1/nodes/hello`, one try: what it says is of now. @throws PartError as `decide`. */
  async hello(hello: NodeHello): Promise<NodeWelcome> {
    const reading = nodeWelcome.safeParse(
      await this.#attempt('v1/nodes/hello', hello, callLimits.decisionAttemptMs),
    );
    if (!reading.success)
      throw new PartError('edge-error', 'the answer to hello does not fit the contract');
    return reading.data;
  }

  /** `POST /v1/records`, one try. @param records each as JSON text @throws PartError as `decide`. */
  async records(records: readonly string[]): Promise<void> {
    // A list of one would be as good, but an edge of an older version does not know lists.
    const body = records.length === 1 ? records.join() : `[${records.join(',')}]`;
    await this.#post('v1/records', body, spoolLimits.answerMs);
  }

  /** `POST /v1/progress`, one try. @throws PartError as `decide`. */
  async progress(progress: CallProgress): Promise<void> {
    await this.#attempt('v1/progress', progress, callLimits.decisionAttemptMs);
  }

  /** `POST /v1/leases`, one try. @throws PartError as `decide`. */
  async leases(report: LeaseReport): Promise<void> {
    await this.#attempt('v1/leases', report, callLimits.decisionAttemptMs);
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  /** Two tries within decisionTotalMs; only what a second try can mend is tried again. */
  async #ask(path: string, message: object, traceparent: string): Promise<unknown> {
    const start = this.#options.clock.nowMono();
    try {
      return await this.#attempt(path, message, callLimits.decisionAttemptMs, traceparent);
    } catch (error) {
      const leftMs = callLimits.decisionTotalMs - (this.#options.clock.nowMono() - start);
      if (!(error instanceof PartError) || error.reason !== 'edge-unreachable' || leftMs < 100)
        throw error;
      return await this.#attempt(path, message, leftMs, traceparent);
    }
  }

  #attempt(
    path: string,
    message: object,
    timeoutMs: number,
    traceparent?: string,
  ): Promise<unknown> {
    return this.#post(path, JSON.stringify(message), timeoutMs, traceparent);
  }

  async #post(
    path: string,
    body: string,
    timeoutMs: number,
    traceparent?: string,
  ): Promise<unknown> {
    let status: number;
    let text: string;
    try {
      ({ status, text } = await this.#client.post(new URL(path, withSlash(this.#options.url)), {
        headers: {
          authorization: `Bearer ${this.#options.nodeToken()}`,
          'content-type': 'application/json',
          [processHeader]: this.#options.process,
          ...(traceparent === undefined ? {} : { [traceparentHeader]: traceparent }),
        },
        body,
        timeoutMs,
        answerBytesMax: edgeLimits.bodyBytesMax,
      }));
    } catch (error) {
      throw new PartError('edge-unreachable', `${path}: ${whyUnreachable(error, timeoutMs)}`, {
        cause: error,
      });
    }
    if (status === 401 || status === 403)
      throw new PartError('edge-refused-node', `${path}: HTTP ${status} ${codeOf(text)}`.trim());
    if (status === 502 || status === 504)
      throw new PartError('edge-unreachable', `${path}: HTTP ${status}`);
    if (status === 503)
      throw new PartError('routing-unavailable', `${path}: HTTP 503 ${codeOf(text)}`);
    if (status >= 400 && status < 500 && isAboutMessage(text))
      throw new EdgeRefusal(`${path}: HTTP ${status} ${codeOf(text)}`);
    if (status >= 300) throw new PartError('edge-error', `${path}: HTTP ${status} ${codeOf(text)}`);
    try {
      return text === '' ? null : (JSON.parse(text) as unknown);
    } catch (error) {
      throw new PartError('edge-error', `${path}: the answer is not JSON`, { cause: error });
    }
  }
}

/** @throws PartError `edge-error` that names the field, never its value */
function readDecision(body: unknown): Decision {
  const reading = decisionSchema.safeParse(body);
  if (reading.success) return reading.data;
  const [issue] = reading.error.issues;
  throw new PartError(
    'edge-error',
    `the decision does not fit the contract at ${issue?.path.join('.') ?? '?'}`,
  );
}

/** Codes of problem documents by which the edge says that it has looked at this message and will never take it. */
const codesOfMessage: ReadonlySet<unknown> = new Set([
  'bad-json',
  'bad-field',
  'body-too-large',
  'unsupported-media-type',
]);

/**
 * Whether an answer is about the message itself. Whatever else is in the way (a limit or a page of Cloudflare's, a route that is not deployed, an edge of another version) may be gone the
 * next time.
 */
function isAboutMessage(text: string): boolean {
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem !== 'object' || problem === null || !('code' in problem)) return false;
    return codesOfMessage.has(problem.code);
  } catch {
    // No problem document, so not the edge.
    return false;
  }
}

function withSlash(url: URL): URL {
  return url.pathname.endsWith('/') ? url : new URL(`${url.href}/`);
}

/** The stable code of a problem+json body and its detail, shortened; empty when it is something else. */
function codeOf(text: string): string {
  try {
    const problem = JSON.parse(text) as { code?: unknown; detail?: unknown };
    return `${String(problem.code ?? '')} ${String(problem.detail ?? '')}`.trim().slice(0, 160);
  } catch {
    // Not a problem document: a proxy's page says nothing that belongs in our log.
    return '';
  }
}

function whyUnreachable(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'failed';
  if (error.name === 'TimeoutError') return `no answer in ${Math.round(timeoutMs)} ms`;
  const code = 'code' in error ? String(error.code) : error.name;
  return `${code} ${error.message}`.slice(0, 160);
}
