/**
 * HTTP to one server over connections that stay open: Node's own client, which the node has in memory anyway for its links and its health listener. An answer is read whole,
 * within bounds of time and size.
 */
import type { Agent, ClientRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Clock } from '../clock.ts';
import { HttpAgent, httpRequest } from '../node-http.ts';

export interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For all of it, from the name's address to the last byte. */
  readonly timeoutMs: number;
  /** A longer answer is an error. */
  readonly answerBytesMax: number;
}

export interface PostAnswer {
  readonly status: number;
  readonly text: string;
}

/** Idle connections are kept this long, ms, so that a call does not wait for a TLS handshake. A server that says less is believed. */
const keepAliveMs = 60_000;

export class KeepAliveClient {
  readonly #clock: Clock;
  readonly #http: Agent;
  readonly #https: HttpsAgent;

  constructor(clock: Clock) {
    this.#clock = clock;
    const options = { keepAlive: true, timeout: keepAliveMs };
    this.#http = new HttpAgent(options);
    this.#https = new HttpsAgent(options);
  }

  /** One POST, one try. @throws Error; `TimeoutError` by name when the time is over */
  post(url: URL, options: PostOptions): Promise<PostAnswer> {
    const { headers, body, timeoutMs, answerBytesMax } = options;
    return new Promise((resolve, reject) => {
      let late: DOMException | null = null;
      const fail = (error: Error) => reject(late ?? error);
      const request = this.#request(url, {
        ...headers,
        'content-length': String(Buffer.byteLength(body)),
      });
      // Not AbortSignal.timeout: it cannot be taken back, and every one of them goes off in the end, with an error made for nobody.
      const timer = this.#clock.after(timeoutMs, () => {
        late = new DOMException(`no answer in ${timeoutMs} ms`, 'TimeoutError');
        request.destroy(late);
      });
      request.once('close', () => timer.cancel());
      request.on('error', fail);
      request.once('response', (response) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        response.on('data', (part: Buffer) => {
          bytes += part.length;
          if (bytes <= answerBytesMax) return void parts.push(part);
          fail(new Error(`more than ${answerBytesMax} bytes of answer`));
          request.destroy();
        });
        response.on('error', fail);
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }),
        );
      });
      request.end(body);
    });
  }

  /** Ends every connection; what waits for an answer fails. */
  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  #request(url: URL, headers: Readonly<Record<string, string>>): ClientRequest {
    return url.protocol === 'https:'
      ? httpsRequest(url, { method: 'POST', headers, agent: this.#https })
      : httpRequest(url, { method: 'POST', headers, agent: this.#http });
  }
}
