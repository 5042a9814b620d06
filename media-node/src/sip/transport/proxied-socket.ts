/** Waits for the PROXY header at the start of a connection from a balancer that is to be believed. */
import type { Socket } from 'node:net';
import { sipLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../../clock.ts';
import { readProxyHeader } from './proxy-header.ts';
import type { HostPort } from './transport.ts';

/**
 * Takes the header off a socket that nobody reads yet; what follows it stays for the next reader.
 * @param own address and port of the balancer, for connections that it makes for itself
 * @param onSource whose connection it is
 * @param onBroken the socket has been ended
 */
export function readProxiedSource(
  socket: Socket,
  clock: Clock,
  own: HostPort,
  onSource: (source: HostPort) => void,
  onBroken: (why: string) => void,
): void {
  let bytes: Buffer = Buffer.alloc(0);
  const limit = clock.after(sipLimits.handshakeMs, () => fail('no PROXY header in time'));
  const stop = () => {
    limit.cancel();
    socket.off('readable', look);
    socket.off('close', stop);
  };
  const fail = (why: string) => {
    stop();
    socket.destroy();
    onBroken(why);
  };
  const look = () => {
    for (let chunk = take(socket); chunk !== null; chunk = take(socket)) {
      bytes = Buffer.concat([bytes, chunk]);
    }
    if (bytes.length === 0) return;
    const header = readProxyHeader(bytes);
    if (header.kind === 'incomplete') return;
    if (header.kind === 'broken') return fail(header.why);
    stop();
    if (bytes.length > header.bytes) socket.unshift(bytes.subarray(header.bytes));
    onSource(header.source ?? own);
  };
  socket.on('readable', look);
  socket.once('close', stop);
}

function take(socket: Socket): Buffer | null {
  return socket.read() as Buffer | null;
}
