import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newSecrets } from './new-secrets.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'callgate-secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the secrets of a first deployment', () => {
  it('put no node out when the command is repeated, and seal with the key of before', () => {
    const keep = join(folder, 'key');
    const [first, again] = [1, 2].map((n) => newSecrets({ dryRun: false, keep }, n === 2));
    expect(Object.keys(again ?? {}).sort()).toEqual(['NONCE_SECRET', 'SEALING_KEY']);
    expect(again?.SEALING_KEY).toBe(first?.SEALING_KEY);
    expect(Buffer.from(first?.SEALING_KEY ?? '', 'base64').length).toBe(32);
    expect(statSync(keep).mode & 0o077).toBe(0);
  });

  it('leave nothing behind when they are only shown', () => {
    const keep = join(folder, 'key');
    newSecrets({ dryRun: true, keep }, false);
    expect(() => statSync(keep)).toThrow('ENOENT');
  });

  it('are not made with a file that holds something else', () => {
    const keep = join(folder, 'key');
    writeFileSync(keep, 'a shopping list');
    expect(() => newSecrets({ dryRun: false, keep }, false)).toThrow('holds no SEALING_KEY');
  });

  it('do not replace the key of an edge that was deployed from here', () => {
    const keep = join(folder, 'another-name');
    expect(() => newSecrets({ dryRun: false, keep }, true)).toThrow('expected the file with its');
    expect(() => statSync(keep)).toThrow('ENOENT');
  });
});
