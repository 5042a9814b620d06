/** Bounded floods from one source, as a stranger would send them: so many datagrams or connections, no more, evenly over a time. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface FloodResult {
  readonly sent: number;
  /** Datagrams that came back. */
  readonly answered: number;
}

/** Datagrams sent between two waits; 10 ms apart. */
const batch = 20;

/**
 * Sends `count` datagrams, 2,000 a second, and counts what comes back until a second after the last.
 * @param message text of the n-th datagram
 */
export async function floodUdp(options: {
  readonly from: string;
  readonly target: { readonly address: string; readonly port: number };
  readonly count: number;
  readonly message: (index: number, port: number) => Buffer;
}): Promise<FloodResult> {
  const { from, target, count, message } = options;
  const socket = createSocket('udp4');
  let answered = 0;
  socket.on('message', () => {
    answered += 1;
  });
  socket.bind(0, from);
  await once(socket, 'listening');
  const { port } = socket.address();
  for (let index = 0; index < count; index += 1) {
    socket.send(message(index, port), target.port, target.address);
    if (index % batch === batch - 1) await wait(10);
  }
  await wait(1_000);
  socket.close();
  return { sent: count, answered };
}

const halfMessage = Buffer.from('INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP x;branch=');
/** The first bytes of a TLS record with a handshake. RFC 8446 §5.1. */
export const halfHandshake = Buffer.from([22, 3, 1]);

/** Opens connections that begin a message and never end it. Resolves with them; the caller ends them. */
export async function openHalfMessages(options: {
  readonly from: string;
  readonly target: { readonly address: string; readonly port: number };
  readonly count: number;
  /** What each begins with; the start of an INVITE when absent. */
  readonly begins?: Buffer;
}): Promise<Socket[]> {
  const { from, target, count, begins = halfMessage } = options;
  const sockets = Array.from({ length: count }, () => {
    const socket = connect({ host: target.address, port: target.port, localAddress: from });
    // The node may end it at any time; that is the point.
    socket.on('error', () => {});
    socket.write(begins);
    return socket;
  });
  await Promise.all(
    sockets.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])),
  );
  return sockets;
}

/** A request of nobody we know. */
export function strangersRequest(
  method: string,
  from: string,
  port: number,
  index: number,
): Buffer {
  return Buffer.from(
    [
      `${method} sip:+1555${String(index).padStart(4, '0')}@127.0.0.1 SIP/2.0`,
      `Via: SIP/2.0/UDP ${from}:${port};branch=z9hG4bKf${method}${index}`,
      `From: <sip:flood@${from}>;tag=f${index}`,
      'To: <sip:+15550100@127.0.0.1>',
      `Call-ID: flood-${method}-${index}@${from}`,
      `CSeq: 1 ${method}`,
      `Contact: <sip:flood@${from}:${port}>`,
      'Max-Forwards: 70',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
  );
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
