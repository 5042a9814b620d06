/**
 * The node's program as an installation makes it (infra/node/install.sh): what is tried on this machine is what operators run. Made once for what the sources are, and kept among the
 * modules that it needs.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../setup/run-tool.ts';

/** What it is made of. */
const sources = [
  'package-lock.json',
  'media-node/build',
  'media-node/prompts',
  'media-node/src',
  'shared/src',
];
const shelf = join(root, 'node_modules/.cache/callgate/programs');
/** One that was made longer ago may go: who works on the sources makes many. */
const keptMs = 7 * 24 * 60 * 60 * 1_000;

export interface NodeProgram {
  /** What `node` is called with. */
  readonly main: string;
  /** How its Node runs, as the service unit has it. */
  readonly environment: Readonly<Record<string, string>>;
}

let made: Promise<NodeProgram> | null = null;

/** @throws Error that names file and line of what cannot be built */
export function nodeProgram(): Promise<NodeProgram> {
  made ??= make();
  return made;
}

async function make(): Promise<NodeProgram> {
  const folder = join(shelf, await digestOf(sources));
  const program = programIn(folder);
  if (existsSync(program.main)) return program;
  // Beside others who make the same one: the first to be done counts.
  const unfinished = `${folder}.${process.pid}`;
  await run([join(root, 'media-node/build/build.ts'), unfinished], {});
  await rename(unfinished, folder).catch(() => rm(unfinished, { recursive: true, force: true }));
  await run([program.main, 'compile'], program.environment);
  await forgetOld();
  return program;
}

function programIn(folder: string): NodeProgram {
  return {
    main: join(folder, 'main.mjs'),
    environment: {
      PATH: process.env['PATH'] ?? '',
      NODE_COMPILE_CACHE: join(folder, 'compiled'),
      NODE_OPTIONS: '--max-semi-space-size=4',
      MALLOC_ARENA_MAX: '2',
    },
  };
}

/** Runs a file with this Node. @throws Error with what it said */
async function run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  await promisify(execFile)(process.execPath, [...args], { env });
}

async function digestOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    for (const file of await filesIn(path)) hash.update(`${file}\0`).update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}

/** The files at or below a path of the repository, in order. */
async function filesIn(path: string): Promise<string[]> {
  const whole = join(root, path);
  if ((await stat(whole)).isFile()) return [whole];
  const entries = await readdir(whole, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

async function forgetOld(): Promise<void> {
  for (const name of await readdir(shelf)) {
    const { mtimeMs } = await stat(join(shelf, name));
    if (Date.now() - mtimeMs > keptMs)
      await rm(join(shelf, name), { recursive: true, force: true });
  }
}
