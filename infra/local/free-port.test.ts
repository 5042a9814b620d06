import { expect, it } from 'vitest';
import { freeTcpPort, freeUdpPort } from './free-port.ts';

it('gives no port twice, nor the three above one, to programs that start at the same time', async () => {
  const asked = Array.from({ length: 100 }, (_, n) =>
    n % 2 === 0 ? freeTcpPort('127.0.0.1') : freeUdpPort('127.0.0.2'),
  );
  const ports = (await Promise.all(asked)).toSorted((one, other) => one - other);
  for (const [n, port] of ports.entries())
    if (n > 0) expect(port - (ports[n - 1] ?? 0)).toBeGreaterThanOrEqual(4);
});
