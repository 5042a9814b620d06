/**
 * The node's token in a file of its own: written by `callgate-node enrol` and `callgate-node rotate`, and read again when it has changed, so that a running node needs no
 * restart. Only its owner may read it.
 */
import { readFileSync, statSync } from 'node:fs';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock, Timer } from '../clock.ts';
import type { Log } from '../ops/log.ts';

/** How often the file is looked at, ms. */
const lookMs = 2_000;
const tokenCharactersMax = 256;

export class TokenFile {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #token: string;
  #seen: string;
  #timer: Timer | null = null;

  /** @throws Error when the file cannot be read or holds no token */
  constructor(path: string, clock: Clock, log: Log) {
    this.#path = path;
    this.#clock = clock;
    this.#log = log;
    this.#token = readToken(path);
    this.#seen = versionOf(path);
  }

  get token(): string {
    return this.#token;
  }

  /** Looks again and again until `stop`. */
  start(): void {
    this.#timer = this.#clock.after(lookMs, () => {
      this.#look();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #look(): void {
    try {
      const version = versionOf(this.#path);
      if (version === this.#seen) return;
      this.#seen = version;
      this.#token = readToken(this.#path);
      this.#log('info', 'token-changed');
    } catch (error) {
      // The token that was read goes on being used.
      this.#log('warn', 'token-file-unreadable', { why: error });
    }
  }
}

/** Room for a token that is still to be asked for: one that could not be kept would be lost. */
export interface TokenRoom {
  /** Writes the token in place of the one before: whole or not at all, and for its owner alone. */
  keep(token: string): Promise<void>;
  /** There is no token; the one before stays. */
  leave(): Promise<void>;
}

/** Takes the room on the disk that a token needs. @throws Error naming the file */
export async function roomForToken(path: string): Promise<TokenRoom> {
  const part = `${path}.part`;
  const write = async (text: string) => {
    await writeFile(part, `${text}\n`, { mode: 0o600 });
    await chmod(part, 0o600);
  };
  try {
    await mkdir(dirname(path), { recursive: true });
    await write(' '.repeat(tokenCharactersMax));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
    throw new Error(`${path} cannot be written (${code}); the edge was not asked`);
  }
  return {
    keep: async (token) => {
      await write(token);
      await rename(part, path);
    },
    leave: () => rm(part, { force: true }),
  };
}

/** @throws Error naming the file */
export function readToken(path: string): string {
  const token = readFileSync(path, 'utf8').trim();
  if (!/^[\x21-\x7e]{16,256}$/.test(token)) throw new Error(`${path} holds no token`);
  return token;
}

/** Changes whenever the file does. */
function versionOf(path: string): string {
  const { mtimeMs, ino, size } = statSync(path);
  return `${ino} ${mtimeMs} ${size}`;
}
