/**
 * Certificates of a TLS listener: read from files, read again when the files change, so that a renewed certificate is in force without a
 * restart. TLS 1.2 and 1.3 only.
 */
import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import {
  type ConnectionOptions,
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type TlsOptions,
} from 'node:tls';
import type { Clock, Timer } from '../../clock.ts';
import type { TransportEvents } from './transport.ts';

/** PEM with the chain, and PEM with its private key. */
export interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

export interface TlsCredentials extends CertificateFiles {
  /** Certificates for other names of this host; a client says by SNI which it wants (RFC 6066 §3). */
  readonly others?: readonly CertificateFiles[];
  /** PEM of the authorities that peers must be signed by. Clients then have to show a certificate. */
  readonly authorityFile?: string;
}

const oldestVersion = { minVersion: 'TLSv1.2' } as const;

/** How often the files are looked at, ms. */
const lookMs = 60_000;

export class WatchedCredentials {
  readonly #files: TlsCredentials;
  readonly #clock: Clock;
  #secrets: SecureContextOptions = {};
  /** Contexts of the other certificates by the names that they are for, in lower case. */
  #byName: ReadonlyMap<string, SecureContext> = new Map();
  #changedAt = '';
  #timer: Timer | null = null;

  constructor(files: TlsCredentials, clock: Clock) {
    this.#files = files;
    this.#clock = clock;
  }

  /** @throws Error naming the file that cannot be read */
  async load(): Promise<TlsOptions> {
    const { certificateFile, keyFile, authorityFile } = this.#files;
    this.#changedAt = await this.#lastChange();
    const ca = authorityFile === undefined ? undefined : await readFile(authorityFile);
    const { secrets } = await readPair({ certificateFile, keyFile }, ca);
    const byName = await contextsByName(this.#files.others ?? [], ca);
    // Only now, when all of them can be used: connections of our own are made of them, too.
    this.#secrets = secrets;
    this.#byName = byName;
    const isMutual = ca !== undefined;
    const SNICallback: TlsOptions['SNICallback'] = (name, done) =>
      done(null, this.#contextFor(name.toLowerCase()));
    return { ...this.#secrets, SNICallback, requestCert: isMutual, rejectUnauthorized: isMutual };
  }

  /** The certificate for a name; undefined: the first one. A wildcard stands for one label (RFC 6125 §6.4.3). */
  #contextFor(name: string): SecureContext | undefined {
    return this.#byName.get(name) ?? this.#byName.get(name.replace(/^[^.]+/, '*'));
  }

  /** Looks at the files from time to time. A new pair that cannot be used is reported, and the old one stays. */
  watch(apply: (secrets: TlsOptions) => void, onTrouble: TransportEvents['onTrouble']): void {
    this.#timer = this.#clock.after(lookMs, () => {
      void this.#look(apply, onTrouble).then(() => {
        if (this.#timer !== null) this.watch(apply, onTrouble);
      });
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Options of an outgoing connection: the peer must prove its name, or its address when it has no other (RFC 5922 §7.2). */
  forClient(name: string | undefined): ConnectionOptions {
    const server = name !== undefined && isIP(name) === 0 ? { servername: name } : {};
    return { ...this.#secrets, ...server };
  }

  async #look(
    apply: (secrets: TlsOptions) => void,
    onTrouble: TransportEvents['onTrouble'],
  ): Promise<void> {
    try {
      if ((await this.#lastChange()) === this.#changedAt) return;
      apply(await this.load());
      onTrouble('tls-certificate-renewed', { file: this.#files.certificateFile });
    } catch (error) {
      onTrouble('tls-certificate-not-renewed', { file: this.#files.certificateFile, why: error });
    }
  }

  async #lastChange(): Promise<string> {
    const { authorityFile, others = [] } = this.#files;
    const files = [this.#files, ...others].flatMap(({ certificateFile, keyFile }) => [
      certificateFile,
      keyFile,
    ]);
    if (authorityFile !== undefined) files.push(authorityFile);
    const stats = await Promise.all(files.map((file) => stat(file)));
    return stats.map(({ mtimeMs }) => mtimeMs).join(' ');
  }
}

/** @throws Error naming the file that cannot be read or used */
async function readPair({ certificateFile, keyFile }: CertificateFiles, ca: Buffer | undefined) {
  const [cert, key] = await Promise.all([readFile(certificateFile), readFile(keyFile)]);
  const secrets = { cert, key, ...oldestVersion, ...(ca === undefined ? {} : { ca }) };
  try {
    return { cert, secrets, context: createSecureContext(secrets) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${certificateFile} and ${keyFile} are no certificate and its key: ${why}`);
  }
}

/** @throws Error naming the file that cannot be read or used */
async function contextsByName(
  all: readonly CertificateFiles[],
  ca: Buffer | undefined,
): Promise<ReadonlyMap<string, SecureContext>> {
  const byName = new Map<string, SecureContext>();
  for (const files of all) {
    const { cert, context } = await readPair(files, ca);
    for (const name of namesOf(cert)) byName.set(name, context);
  }
  return byName;
}

/** DNS names that a certificate is for, in lower case. */
function namesOf(cert: Buffer): readonly string[] {
  const names = new X509Certificate(cert).subjectAltName?.split(', ') ?? [];
  return names.flatMap((name) => (name.startsWith('DNS:') ? [name.slice(4).toLowerCase()] : []));
}
