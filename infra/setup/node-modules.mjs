/**
 * Sees that node_modules is what package-lock.json says. npm leaves a copy of what it installed in
 * node_modules/.package-lock.json; only when the two differ is anything installed.
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Installs when needed. @throws Error when npm fails. */
export async function seeToModules(root, say) {
  const wanted = await packagesOf(join(root, 'package-lock.json'));
  if (wanted === null) throw new Error('package-lock.json cannot be read; is the clone complete?');
  const found = await packagesOf(join(root, 'node_modules/.package-lock.json'));
  const fault = firstDifference(wanted, found);
  if (fault === null) return;
  const startedAt = Date.now();
  say(`${fault}; installing with npm ci (about a minute with an empty cache)`);
  await npmCi(root);
  say(`installed in ${Math.round((Date.now() - startedAt) / 1000)} s`);
}

/** What differs, in words; null: nothing. Packages for other platforms are optional and may be absent. */
export function firstDifference(wanted, found) {
  if (found === null) return 'node_modules is not there';
  for (const [path, { version, link, optional }] of Object.entries(wanted)) {
    if (link || !path.includes('node_modules/')) continue;
    const installed = found[path];
    if (installed === undefined && optional) continue;
    if (installed?.version !== version)
      return `${path} is ${installed?.version ?? 'missing'}, package-lock.json has ${version}`;
  }
  return null;
}

async function packagesOf(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8')).packages ?? null;
  } catch {
    // Not there or cut short: either way it says nothing about what is installed.
    return null;
  }
}

function npmCi(root) {
  // Under `npm run` this is the very npm that was called; npm's own scripts must not be found through a changed PATH.
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  // Warnings are off because npm judges the packages by the Node it runs on itself; ours run on the pinned one.
  const child = spawn(command, [...first, 'ci', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', process.stderr, process.stderr],
  });
  return new Promise((settle, fail) => {
    child.once('error', () => fail(new Error('npm cannot be started; install npm 10 or newer')));
    child.once('exit', (status) =>
      status === 0 ? settle() : fail(new Error(`npm ci failed with status ${status}`)),
    );
  });
}
