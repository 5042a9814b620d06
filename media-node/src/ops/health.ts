/** A small HTTP listener for operators, load balancers and Prometheus. It answers GET alone, and what it answers is decided by routes.ts. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from '../node-http.ts';

export interface HealthAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface HealthOptions {
  readonly address: string;
  readonly port: number;
  /** Answers a GET. @param path with its query, as it came */
  readonly answer: (path: string) => HealthAnswer | Promise<HealthAnswer>;
}

export interface HealthListener {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

export function jsonAnswer(status: number, body: object): HealthAnswer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(body)}\n` };
}

/** Listens. @throws when the address is in use. */
export async function listenForHealth(options: HealthOptions): Promise<HealthListener> {
  const server: Server = createServer(async (request, response) => {
    const { status, contentType, body } = await answerTo(options, request.method, request.url);
    response.writeHead(status, { 'content-type': contentType }).end(body);
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

/** A look that fails is an answer, never a process that ends. */
async function answerTo(
  options: HealthOptions,
  method: string | undefined,
  path: string | undefined,
): Promise<HealthAnswer> {
  if (method !== 'GET') return jsonAnswer(405, { error: 'only GET' });
  try {
    return await options.answer(path ?? '/');
  } catch (error) {
    return jsonAnswer(500, { error: error instanceof Error ? error.message : String(error) });
  }
}
