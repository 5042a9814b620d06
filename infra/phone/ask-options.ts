/** What a load balancer asks: OPTIONS outside of any dialog (RFC 3261 §11), once, over UDP. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';

/** @returns the answer's text. @throws Error when none comes in 5 s */
export function askOptions(target: string, from = '127.0.0.1'): Promise<string> {
  const [address = '', port = ''] = target.split(':');
  const socket = createSocket('udp4');
  return new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('no answer to OPTIONS')), 5_000);
    socket.once('error', reject);
    socket.once('message', (bytes) => {
      clearTimeout(late);
      resolve(bytes.toString('latin1'));
    });
    socket.bind(0, from, () => {
      const own = `${from}:${socket.address().port}`;
      const id = randomBytes(8).toString('hex');
      socket.send(
        [
          `OPTIONS sip:${target} SIP/2.0`,
          `Via: SIP/2.0/UDP ${own};branch=z9hG4bK${id}`,
          'Max-Forwards: 70',
          `From: <sip:balancer@${own}>;tag=${id}`,
          `To: <sip:${target}>`,
          `Call-ID: ${id}`,
          'CSeq: 1 OPTIONS',
          'Content-Length: 0',
          '',
          '',
        ].join('\r\n'),
        Number(port),
        address,
      );
    });
  }).finally(() => socket.close());
}
