/** A stream transport on loopback for tests: certificates made by openssl, a listener that notes what it hears, and peers of it. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '../../clock.fake.ts';
import { StreamTransport, type StreamTransportOptions } from './stream-transport.ts';
import type { Arrival } from './transport.ts';

export class StreamBench {
  /** Holds `one`, `two` and `client`, each `.pem` and `.key`, for `<name>.example.com`. */
  readonly folder = mkdtempSync(join(tmpdir(), 'tls-'));
  readonly #cleanUp: (() => Promise<void> | void)[] = [];

  makeCertificates(): void {
    for (const name of ['one', 'two', 'client']) {
      const host = `${name}.example.com`;
      execFileSync(
        'openssl',
        [
          ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
          ...['-days', '2', '-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`],
          ...[
            '-keyout',
            join(this.folder, `${name}.key`),
            '-out',
            join(this.folder, `${name}.pem`),
          ],
        ],
        { stdio: 'ignore' },
      );
    }
  }

  pem(name: string): Buffer {
    return readFileSync(join(this.folder, name));
  }

  certificate(name = 'one') {
    return {
      certificateFile: join(this.folder, `${name}.pem`),
      keyFile: join(this.folder, `${name}.key`),
    };
  }

  async listen(options: Pick<StreamTransportOptions, 'tls' | 'balancers'> = {}) {
    const clock = new FakeClock();
    const arrivals: Arrival[] = [];
    const troubles: string[] = [];
    const listen = () => ({ address: '127.0.0.1', port: 0 });
    const transport = new StreamTransport({ listen, clock, ...options });
    this.#cleanUp.push(() => transport.close());
    const bound = await transport.open({
      onMessage: (arrival) => void arrivals.push(arrival),
      onTrouble: (what) => void troubles.push(what),
    });
    return { clock, arrivals, troubles, transport, bound };
  }

  /** @param localAddress 127.0.0.1 when absent */
  async dial(port: number, localAddress = '127.0.0.1'): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port, localAddress });
    this.endLater(socket);
    await once(socket, 'connect');
    return socket;
  }

  /** The socket is destroyed after the test; what the other side does to it is no error of the test. */
  endLater(socket: Socket): void {
    this.#cleanUp.push(() => void socket.destroy());
    socket.on('error', () => {});
  }

  async cleanUp(): Promise<void> {
    for (const act of this.#cleanUp.splice(0).reverse()) await act();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Resolves when a socket is closed, in whatever way. */
export function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** Waits for something real to happen. @throws Error after 20 s */
export async function until(holds: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 20_000;
  while (!holds()) {
    if (performance.now() > giveUpAt) throw new Error('it did not happen within 20 s');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
