/**
 * Finds a livekit-server program, or builds the pinned one once: `livekit-server` on PATH, else what an earlier run has built, else
 * `go install` into a cache outside the repository.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cacheFolder } from './cache-folder.ts';

const version = 'v1.13.5';
const goPackage = `github.com/livekit/livekit-server/cmd/server@${version}`;

/** Path of a livekit-server. @param say tells the user what takes long. @throws Error that names what is missing. */
export async function findLivekitBinary(say: (text: string) => void): Promise<string> {
  const installed = await onPath('livekit-server');
  if (installed !== null) return installed;
  const cache = cacheFolder();
  const built = join(cache, `livekit-server-${version}`);
  if (await isProgram(built)) return built;
  await build(cache, built, say);
  return built;
}

async function build(cache: string, built: string, say: (text: string) => void): Promise<void> {
  const go = (await onPath('go')) ?? (await existing('/usr/local/go/bin/go'));
  if (go === null) {
    throw new Error(
      `no livekit-server: expected $LIVEKIT_URL with LIVEKIT_API_KEY and LIVEKIT_API_SECRET, or livekit-server on PATH, ` +
        `or Go to build ${version} (Debian package golang, or https://go.dev/dl)`,
    );
  }
  say(`building livekit-server ${version} with go install, once (about 2 minutes) ...`);
  const startedAt = performance.now();
  // A folder of its own, then a rename: a build that is cut short leaves nothing that looks finished.
  const scratch = join(cache, `build-${process.pid}`);
  await mkdir(scratch, { recursive: true });
  try {
    await run(go, ['install', goPackage], { ...process.env, GOBIN: scratch });
    await rename(join(scratch, 'server'), built);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  say(`built in ${Math.round((performance.now() - startedAt) / 1000)} s: ${built}`);
}

function run(
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const child = spawn(command, args, {
    env: environment,
    stdio: ['ignore', process.stderr, process.stderr],
  });
  const interrupt = () => child.kill('SIGTERM');
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  return new Promise<void>((settle, fail) => {
    child.once('error', fail);
    child.once('exit', (status) =>
      status === 0 ? settle() : fail(new Error(`${command} ${args.join(' ')} failed; see above`)),
    );
  }).finally(() => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt);
  });
}

async function onPath(program: string): Promise<string | null> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, program);
    if (folder !== '' && (await isProgram(file))) return file;
  }
  return null;
}

async function existing(file: string): Promise<string | null> {
  return (await isProgram(file)) ? file : null;
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    // Not there, or not a program: the caller looks elsewhere.
    return false;
  }
}
