/**
 * Certificates of a TLS listener: read from files, read again when the files change, so that a renewed certificate is in force without a
 * restart. TLS 1.2 and 1.3 only.
 */
import { readFile, stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { ConnectionOptions, SecureContextOptions, TlsOptions } from 'node:tls';
import type { Clock, Timer } from '../../clock.ts';
import type { TransportEvents } from './transport.ts';

export interface TlsCredentials {
  /** PEM with the chain. */
  readonly certificateFile: string;
  readonly keyFile: string;
  /** PEM of the authorities that peers must be signed by. Clients then have to show a certificate. */
  readonly authorityFile?: string;
}

/** How often the files are looked at, ms. */
const lookMs = 60_000;

export class WatchedCredentials {
  readonly #files: TlsCredentials;
  readonly #clock: Clock;
  #secrets: SecureContextOptions = {};
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
    const [cert, key, ca] = await Promise.all([
      readFile(certificateFile),
      readFile(keyFile),
      authorityFile === undefined ? undefined : readFile(authorityFile),
    ]);
    this.#secrets = { cert, key, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) };
    const isMutual = ca !== undefined;
    return { ...this.#secrets, requestCert: isMutual, rejectUnauthorized: isMutual };
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
    const { certificateFile, keyFile } = this.#files;
    const stats = await Promise.all([stat(certificateFile), stat(keyFile)]);
    return stats.map(({ mtimeMs }) => mtimeMs).join(' ');
  }
}
