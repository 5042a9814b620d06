/** A receiver of webhooks on loopback: verifies each message with the Standard Webhooks library, keeps what it took, and can be taken down. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export interface ReceivedEvent {
  /** The webhook-id header: whoever counts, counts this once. */
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export class WebhookReceiver {
  readonly secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
  /** In the order they came, copies included. */
  readonly taken: ReceivedEvent[] = [];
  /** Messages whose signature was not right. */
  forged = 0;
  /** Requests answered with `status` while it was set. */
  turnedAway = 0;
  /** Answer to everything; null: take what is signed. */
  status: number | null = null;
  #server: Server | null = null;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hooks`;
  }

  /** Listens, on the same port as before. */
  async open(): Promise<void> {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString('utf8');
      });
      request.on('end', () => response.writeHead(this.#answer(body, request.headers)).end());
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Nothing listens any more. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    server?.closeAllConnections();
    await new Promise((resolve) => (server === null ? resolve(null) : server.close(resolve)));
  }

  /** What was taken of a call, each event once. */
  ofCall(callId: string): ReceivedEvent[] {
    const events = new Map(this.taken.map((event) => [event.id, event]));
    return [...events.values()].filter(({ data }) => data['call_id'] === callId);
  }

  #answer(body: string, headers: NodeJS.Dict<string | string[]>): number {
    try {
      new Webhook(this.secret).verify(body, headers as Record<string, string>);
    } catch {
      // The test asks for the count.
      this.forged += 1;
      return 401;
    }
    if (this.status !== null) {
      this.turnedAway += 1;
      return this.status;
    }
    const event = JSON.parse(body) as Omit<ReceivedEvent, 'id'>;
    this.taken.push({ ...event, id: String(headers['webhook-id']) });
    return 204;
  }
}
