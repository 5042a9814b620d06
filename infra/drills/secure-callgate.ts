/** Callgate with a TLS listener beside the others, its certificate made for this run. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RoutedStackOptions } from '../e2e/routed-stack.ts';
import { makeCertificate } from '../lab/certificate.ts';
import { freeTcpPort } from '../local/free-port.ts';
import { type CallgateSubject, startCallgate } from './callgate-subject.ts';

const address = '127.0.0.1';

export interface SecureCallgate extends CallgateSubject {
  readonly tls: { readonly address: string; readonly port: number };
}

export async function startSecureCallgate(
  calls: number,
  options: RoutedStackOptions = {},
): Promise<SecureCallgate> {
  const folder = await mkdtemp(join(tmpdir(), 'callgate-tls-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  try {
    const port = await freeTcpPort(address);
    const { certificateFile, keyFile } = await makeCertificate(folder, address);
    const callgate = await startCallgate(calls, {
      ...options,
      nodeEnvironment: {
        ...options.nodeEnvironment,
        CALLGATE_TLS_LISTEN: `${address}:${port}`,
        CALLGATE_TLS_CERTIFICATE: certificateFile,
        CALLGATE_TLS_KEY: keyFile,
      },
    });
    const stopCallgate = callgate.stop;
    const stop = async () => {
      await stopCallgate();
      await removeFolder();
    };
    return Object.assign(callgate, { tls: { address, port }, stop });
  } catch (error) {
    await removeFolder();
    throw error;
  }
}
