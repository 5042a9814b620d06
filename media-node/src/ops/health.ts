/** A small HTTP listener for operators and load balancers: /health says whether the node takes calls, /stats what it holds. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HealthReport {
  readonly status: 'ok' | 'draining';
  readonly calls: number;
}

export interface HealthOptions {
  readonly address: string;
  readonly port: number;
  readonly health: () => HealthReport;
  /** Plain data: counts of what the node holds. */
  readonly stats: () => Readonly<Record<string, unknown>>;
}

export interface HealthListener {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Listens. @throws when the address is in use. 200 while `status` is ok, else 503. */
export async function listenForHealth(options: HealthOptions): Promise<HealthListener> {
  const server: Server = createServer((request, response) => {
    const respond = (status: number, body: object) =>
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(`${JSON.stringify(body)}\n`);
    if (request.method !== 'GET') return respond(405, { error: 'only GET' });
    if (request.url === '/health') {
      const report = options.health();
      return respond(report.status === 'ok' ? 200 : 503, report);
    }
    if (request.url === '/stats') return respond(200, options.stats());
    return respond(404, { error: 'only /health and /stats' });
  });
  server.headersTimeout = 5_000;
  server.requestTimeout = 5_000;
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.address, resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    address,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
