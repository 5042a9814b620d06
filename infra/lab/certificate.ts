/** A certificate for tests, made by openssl and signed by itself. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** @param address IP address that it is for. @returns PEM files in the folder */
export async function makeCertificate(
  folder: string,
  address: string,
): Promise<{ readonly certificateFile: string; readonly keyFile: string }> {
  const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
    ...['-days', '2', '-subj', `/CN=${address}`, '-addext', `subjectAltName=IP:${address}`],
    ...['-keyout', keyFile, '-out', certificateFile],
  ]);
  return { certificateFile, keyFile };
}
