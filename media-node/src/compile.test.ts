import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';

let folder = '';
afterEach(() => rm(folder, { recursive: true, force: true }));

it('leaves nothing to compile for a process that starts afterwards', async () => {
  folder = await mkdtemp(join(tmpdir(), 'callgate-compile-'));
  const run = (program: string, ...args: string[]) =>
    promisify(execFile)(
      process.execPath,
      [fileURLToPath(new URL(program, import.meta.url)), ...args],
      { env: { NODE_COMPILE_CACHE: folder } },
    );
  const compiled = async () => (await readdir(folder, { recursive: true })).toSorted();

  await run('./main.ts', 'compile');
  const before = await compiled();
  // More than the modules of our own.
  expect(before.length).toBeGreaterThan(200);
  await run('./main.ts', '--help');
  await run('./media/process/media-process.ts');
  expect(await compiled()).toEqual(before);
}, 60_000);
