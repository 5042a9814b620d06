import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import { silentLog } from '../ops/log.ts';
import { roomForToken, TokenFile } from './token-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'callgate-token-'));
  path = join(folder, 'deeper', 'token');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function writeToken(to: string, token: string): Promise<void> {
  await (await roomForToken(to)).keep(token);
}

describe('the file of the token', () => {
  it('is for its owner alone', async () => {
    await writeToken(path, 'the-first-token-of-all');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is read again when it has changed, without a restart', async () => {
    const clock = new FakeClock();
    await writeToken(path, 'the-first-token-of-all');
    const file = new TokenFile(path, clock, silentLog);
    file.start();
    expect(file.token).toBe('the-first-token-of-all');
    await writeToken(path, 'another-token-instead');
    clock.advance(2_000);
    expect(file.token).toBe('another-token-instead');
    file.stop();
    expect(clock.pending).toBe(0);
  });

  it('that is broken or gone leaves the token that was read in use', async () => {
    const clock = new FakeClock();
    await writeToken(path, 'the-first-token-of-all');
    const file = new TokenFile(path, clock, silentLog);
    file.start();
    writeFileSync(path, 'x');
    clock.advance(2_000);
    rmSync(path);
    clock.advance(2_000);
    expect(file.token).toBe('the-first-token-of-all');
    file.stop();
  });

  it('must hold a token when the node starts', async () => {
    expect(() => new TokenFile(path, new FakeClock(), silentLog)).toThrow('ENOENT');
    await writeToken(path, 'short');
    expect(() => new TokenFile(path, new FakeClock(), silentLog)).toThrow('holds no token');
  });
});
