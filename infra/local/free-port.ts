/**
 * Free ports on this machine, for programs that want to be told theirs. They come from below the range from which the kernel serves passing sockets (32768 and up), so
 * that none of those sits on a port between our look and the program's start.
 */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** Above the ports for RTP of a local node, and those that tests name. */
const [first, last] = [26_000, 31_999];
const triesMax = 100;
/** From one port that we name to the next: some programs take RTCP and video above theirs. */
const stride = 4;
/** Of the next port: no two of us who ask at the same time are told the same one. */
let next = randomInt((last + 1 - first) / stride);

/** A TCP port that is free on `address` at this moment. @throws Error when none is found */
export function freeTcpPort(address: string): Promise<number> {
  return freePort((port, settle) => {
    const server = createServer();
    server.once('error', () => settle(false));
    server.listen(port, address, () => server.close(() => settle(true)));
  });
}

/** A UDP port that is free on `address` at this moment. @throws Error when none is found */
export function freeUdpPort(address: string): Promise<number> {
  return freePort((port, settle) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', () => {
      socket.close();
      settle(false);
    });
    socket.bind(port, address, () => socket.close(() => settle(true)));
  });
}

async function freePort(
  check: (port: number, settle: (isFree: boolean) => void) => void,
): Promise<number> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const port = first + stride * next;
    next = (next + 1) % ((last + 1 - first) / stride);
    if (await new Promise<boolean>((settle) => check(port, settle))) return port;
  }
  throw new Error(`no free port found between ${first} and ${last} in ${triesMax} tries`);
}
