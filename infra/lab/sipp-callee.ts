/** sipp as somebody who is called: it answers every call at once (Debian's sip-tester). */
import { freeUdpPort } from '../local/free-port.ts';
import { LocalProcess } from '../local/local-process.ts';

export interface SippCallee {
  /** `127.0.0.5:port` */
  readonly sip: string;
  stop(): Promise<void>;
}

/** @throws Error when sipp cannot be started. */
export async function startSippCallee(address = '127.0.0.5'): Promise<SippCallee> {
  const port = await freeUdpPort(address);
  const process = await LocalProcess.start({
    name: 'sipp (Debian package sip-tester)',
    command: '/usr/bin/sipp',
    args: ['-sn', 'uas', '-i', address, '-p', String(port), '-nostdin', '-timeout', '60s'],
    environment: { PATH: '/usr/bin:/bin', TERM: 'dumb' },
  });
  return {
    sip: `${address}:${port}`,
    stop: async () => {
      await process.stop();
    },
  };
}
