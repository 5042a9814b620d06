/**
 * Sockets that have been accepted and have shown nothing yet: their PROXY header or their TLS handshake is on its way. Bounded for each source
 * and in all. When all are too many the oldest one goes: a handshake takes milliseconds, so it is one that stalls on purpose.
 */
import type { Socket } from 'node:net';
import { sipLimits } from '@callgate/shared/limits.ts';

export class UnfinishedSockets {
  /** Source by socket, the oldest first. */
  readonly #sources = new Map<Socket, string>();
  readonly #counts = new Map<string, number>();

  get size(): number {
    return this.#sources.size;
  }

  /** Takes one in, or ends it. @returns false when this source has too many */
  admit(socket: Socket, source: string): boolean {
    if ((this.#counts.get(source) ?? 0) >= sipLimits.handshakesPerSourceMax) {
      socket.destroy();
      return false;
    }
    const [oldest] = this.#sources.keys();
    if (this.#sources.size >= sipLimits.handshakesMax && oldest !== undefined) this.#end(oldest);
    this.#sources.set(socket, source);
    this.#counts.set(source, (this.#counts.get(source) ?? 0) + 1);
    socket.once('close', () => this.release(socket));
    return true;
  }

  /** It is finished, or gone. */
  release(socket: Socket): void {
    const source = this.#sources.get(socket);
    if (source === undefined) return;
    this.#sources.delete(socket);
    const count = (this.#counts.get(source) ?? 0) - 1;
    if (count > 0) this.#counts.set(source, count);
    else this.#counts.delete(source);
  }

  close(): void {
    for (const socket of [...this.#sources.keys()]) this.#end(socket);
  }

  #end(socket: Socket): void {
    this.release(socket);
    socket.destroy();
  }
}
