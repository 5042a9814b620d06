/**
 * The secrets that a first deployment makes. Without the sealing key nobody reads the stored passwords again, so it is kept before it is used; a command that is repeated takes
 * the kept one. NODE_TOKENS is none of them: an edge needs none, and one that has nodes would put them out.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { EdgeOptionError, type EdgeOptions } from './edge-options.ts';

/**
 * @param isDeployed this clone has deployed an edge before
 * @throws EdgeOptionError when the file holds something else than a key, or none where an edge seals with one already
 */
export function newSecrets(
  { dryRun, keep }: Pick<EdgeOptions, 'dryRun' | 'keep'>,
  isDeployed: boolean,
): Record<'SEALING_KEY' | 'NONCE_SECRET', string> {
  return {
    SEALING_KEY: dryRun || keep === null ? newSealingKey() : keptSealingKey(keep, isDeployed),
    NONCE_SECRET: randomBytes(24).toString('base64url'),
  };
}

const newSealingKey = () => randomBytes(32).toString('base64');

function keptSealingKey(file: string, isDeployed: boolean): string {
  if (!existsSync(file) && isDeployed)
    throw new EdgeOptionError(
      `--keep: there is no ${file}, and an edge has been deployed from here; expected the file with its SEALING_KEY, without which nobody reads its passwords again`,
    );
  if (!existsSync(file)) writeFileSync(file, `${newSealingKey()}\n`, { mode: 0o600, flag: 'wx' });
  const key = readFileSync(file, 'utf8').trim();
  if (!/^[A-Za-z0-9+/]{43}=$/.test(key))
    throw new EdgeOptionError(`--keep: ${file} holds no SEALING_KEY; expected 32 bytes in base64`);
  return key;
}
