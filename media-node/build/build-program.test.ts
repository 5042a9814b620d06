import { execFile } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const run = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  promisify(execFile)(process.execPath, [...args], { env: environment });

/** Where it finds the packages that it leaves outside. */
const folder = here(`../../node_modules/.cache/callgate/build-test-${process.pid}`);
const main = join(folder, 'main.mjs');

beforeAll(async () => {
  await run([here('./build.ts'), folder]);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the program of an installed node', () => {
  it('needs no source', async () => {
    const files = await readdir(folder);
    expect(files).toEqual(expect.arrayContaining(['main.mjs', 'media-process.mjs', 'prompts']));
    expect(files.filter((file) => !/\.mjs$|^prompts$/.test(file))).toEqual([]);
    const texts = await Promise.all(
      files
        .filter((file) => file.endsWith('.mjs'))
        .map((file) => readFile(join(folder, file), 'utf8')),
    );
    const imported = texts.flatMap((text) => [
      ...text.matchAll(/(?:from|import|import\() ?"([^"]+)"/g),
    ]);
    expect(imported.length).toBeGreaterThan(20);
    expect(imported.map(([, name = '']) => name).filter((name) => name.endsWith('.ts'))).toEqual(
      [],
    );
  });

  it('has its prompts', async () => {
    const files = await readdir(join(folder, 'prompts'), { recursive: true });
    expect(files.filter((file) => file.includes('.')).toSorted()).toEqual([
      'en/enter-pin.wav',
      'en/entering-room.wav',
      'en/wrong-pin.wav',
    ]);
  });

  it('has no letter that would double what a file takes in memory', async () => {
    for (const file of await readdir(folder)) {
      if (!file.endsWith('.mjs')) continue;
      expect(await readFile(join(folder, file), 'utf8'), file).not.toMatch(/[\u0080-\uffff]/);
    }
  });

  it('runs commands, and refuses to start without configuration', async () => {
    const { stdout } = await run([main, '--help']);
    expect(stdout).toContain('callgate-node enrol');
    await expect(run([main])).rejects.toThrow('callgate node does not start:');
  });

  it('leaves nothing to compile for a process that starts after `compile`', async () => {
    const cache = join(folder, 'compiled');
    const environment = { NODE_COMPILE_CACHE: cache };
    const compiled = async () => (await readdir(cache, { recursive: true })).toSorted();
    await run([main, 'compile'], environment);
    const before = await compiled();
    expect(before.length).toBeGreaterThan(10);
    await run([main, '--help'], environment);
    await run([join(folder, 'media-process.mjs')], environment);
    expect(await compiled()).toEqual(before);
  }, 60_000);
});

describe('the build', () => {
  it('asks for a folder, and says why it cannot be written', async () => {
    await expect(run([here('./build.ts')])).rejects.toThrow(
      'usage: node media-node/build/build.ts',
    );
    await expect(run([here('./build.ts'), '/dev/null/program'])).rejects.toThrow(
      "the node's program cannot be built: ENOTDIR",
    );
  });
});
