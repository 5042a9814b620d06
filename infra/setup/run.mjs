/**
 * The one door into the repository: `node infra/setup/run.mjs [--tools] <file.ts> [arguments]`.
 *
 * Runs on whatever Node the machine has (20 or newer), before anything is installed: sees to node_modules, to the pinned
 * Node 24 and, with `--tools`, to the Debian packages that the tests drive; then runs the TypeScript file with that Node.
 * Arguments, signals and exit status pass through. What it does it says on standard error, so that the output of the
 * program stays its own.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seeToDebianPackages } from './debian-packages.mjs';
import { seeToModules } from './node-modules.mjs';
import { findNode } from './pinned-node.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const say = (text) => process.stderr.write(`callgate: ${text}\n`);

/** Runs the program and resolves with its exit status; a signal that ended it counts as 128 + its number, as in a shell. */
function run(node, args) {
  const binaries = join(root, 'node_modules/.bin');
  const child = spawn(node, args, {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${binaries}${delimiter}${process.env.PATH ?? ''}` },
  });
  // A terminal sends Ctrl-C to the whole group, `kill` to this process alone: pass both on, the program expects repeats.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  stopWithNpm(child);
  return new Promise((settle, fail) => {
    child.once('error', fail);
    child.once('exit', (status, signal) =>
      settle(status ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}

/** An npm that is killed outright passes no signal on. That it is gone is seen by our having another parent. */
function stopWithNpm(child) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const npm = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(watch);
    child.kill('SIGTERM');
  }, 500);
  watch.unref();
}

async function main() {
  const args = process.argv.slice(2);
  const wantsTools = args[0] === '--tools';
  const [file, ...rest] = wantsTools ? args.slice(1) : args;
  if (file === undefined) throw new Error('usage: run.mjs [--tools] <file.ts> [arguments]');
  await seeToModules(root, say);
  const node = findNode(root);
  if (wantsTools) await seeToDebianPackages(say);
  return run(node, [resolve(root, file), ...rest]);
}

main().then(
  (status) => {
    process.exitCode = status;
  },
  (error) => {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  },
);
