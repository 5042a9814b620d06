/** Free ports on this machine, asked of the kernel. Another program may take one before it is used: who starts one retries. */
import { createSocket } from 'node:dgram';
import { type AddressInfo, createServer } from 'node:net';

/** A TCP port that is free on `address` at this moment. */
export function freeTcpPort(address: string): Promise<number> {
  return new Promise((settle, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, address, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => settle(port));
    });
  });
}

/** A UDP port that is free on `address` at this moment. */
export function freeUdpPort(address: string): Promise<number> {
  return new Promise((settle, fail) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', fail);
    socket.bind(0, address, () => {
      const { port } = socket.address();
      socket.close(() => settle(port));
    });
  });
}
