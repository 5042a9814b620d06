/** TLS before a server that speaks TCP alone, as operators have it before LiveKit: with a certificate of the test, and what it saw of each connection. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';

export interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
}

export class TlsFront {
  /** Connections that came, with a handshake or without. */
  came = 0;
  /** Those whose handshakes were done, in order. */
  readonly #connections: TLSSocket[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param to `ws://127.0.0.1:7880`. @param certificate for 127.0.0.1 or not, as the test wants it */
  static async listen(to: string, certificate: Certificate): Promise<TlsFront> {
    const { hostname, port } = new URL(to);
    const server = createServer(certificate);
    const front = new TlsFront(server);
    server.on('connection', () => {
      front.came++;
    });
    server.on('secureConnection', (client) => {
      front.#connections.push(client);
      const behind = connect(Number(port), hostname);
      client.on('error', () => {}).on('close', () => behind.destroy());
      behind.on('error', () => {}).on('close', () => client.destroy());
      client.pipe(behind).pipe(client);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return front;
  }

  get url(): string {
    const address = this.#server.address();
    return `wss://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  }

  /** For the handshakes from now on. */
  use(certificate: Certificate): void {
    this.#server.setSecureContext(certificate);
  }

  /** What each connection whose handshake was done has been used for. */
  get uses(): ('asked' | 'nothing yet')[] {
    return this.#connections.map(({ bytesRead }) => (bytesRead > 0 ? 'asked' : 'nothing yet'));
  }

  close(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    return new Promise((done) => this.#server.close(() => done()));
  }
}
