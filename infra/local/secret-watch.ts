/**
 * Searches what our programs write for secrets: those that this run has made or used, wherever in a line they stand, and those that are known by their
 * shape. Who makes or uses a secret in a run says so here (`runSecrets.keep`); the end-to-end tests fail when a line holds one (e2e/no-leaks.setup.ts).
 */

/** Shorter ones would be found in words that mean something else. */
const secretCharactersMin = 6;

/** Secrets that nobody has to name. */
const shapes: readonly (readonly [name: string, shape: RegExp])[] = [
  ['JSON Web Token', /\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/],
  ['digest answer', /\bresponse\W{1,4}[0-9a-f]{32}/i],
  ['nonce key', /\bnonce_key\W{1,4}[0-9a-f]{32}/i],
  ['SRTP key', /\binline:[A-Za-z0-9+/]{30,}/],
  ['webhook secret', /\bwhsec_[A-Za-z0-9+/]{20,}/],
  ['private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ['bearer token', /\bBearer [\w.~+/-]{16,}/i],
];

export class SecretWatch {
  readonly #secrets = new Map<string, { readonly name: string; readonly pattern: RegExp }>();
  readonly #leaks: string[] = [];

  /** @throws Error when it is too short to be told from other text: take a longer one */
  keep(name: string, secret: string): void {
    if (secret.length < secretCharactersMin)
      throw new Error(`${name}: expected at least ${secretCharactersMin} characters to search for`);
    this.#secrets.set(secret, { name, pattern: patternOf(secret) });
  }

  /** Looks through a line of a program. What is found is kept with the line, the secret itself blotted out. */
  search(program: string, line: string): void {
    for (const { name, pattern } of this.#secrets.values())
      this.#note(program, line, name, pattern);
    for (const [name, shape] of shapes) this.#note(program, line, name, shape);
  }

  /** What was found so far, one sentence each. */
  get leaks(): readonly string[] {
    return this.#leaks;
  }

  #note(program: string, line: string, name: string, pattern: RegExp): void {
    if (!pattern.test(line)) return;
    this.#leaks.push(`${program} wrote a ${name}: ${line.replace(pattern, '███').slice(0, 300)}`);
  }
}

/** Digits alone count only where no letter or digit touches them: ids and times hold any six of them now and then. */
function patternOf(secret: string): RegExp {
  const text = secret.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  return new RegExp(/^\d+$/.test(secret) ? `(?<![0-9A-Za-z])${text}(?![0-9A-Za-z])` : text);
}

/** Of this process: each test file has its own. */
export const runSecrets = new SecretWatch();
