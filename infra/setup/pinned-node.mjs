/**
 * Finds the Node that runs Callgate: the pinned one, which npm brings as an optional dependency for Linux on x64 and arm64,
 * else the machine's own when it strips types by itself and is not newer than what we have tried.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** First version that runs TypeScript without a flag. */
const least = [22, 18];
const tooNew = 27;

/** Path of a Node to run TypeScript files with. @throws Error that says what was looked for. */
export function findNode(root) {
  // Not node_modules/.bin/node: npm 9, which Debian has, makes no link there.
  const pinned = join(root, `node_modules/node-linux-${process.arch}/bin/node`);
  // Asked for its version: a musl system may have the file and still not be able to run it.
  if (isFit(spawnSync(pinned, ['--version'], { encoding: 'utf8' }).stdout)) return pinned;
  if (isFit(process.version)) return process.execPath;
  throw new Error(
    `no Node that can run Callgate: the pinned Node 24 comes with npm for Linux on x64 and arm64 only, and this machine's own is ` +
      `${process.version}; expected ${least.join('.')} or newer and below ${tooNew}`,
  );
}

/** Whether a version text such as `v24.21.0` is one that Callgate runs on. */
export function isFit(version) {
  const match = /^v(\d+)\.(\d+)\./.exec(version ?? '');
  if (match === null) return false;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return (major > least[0] || (major === least[0] && minor >= least[1])) && major < tooNew;
}
