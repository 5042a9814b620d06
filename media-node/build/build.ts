/** `node media-node/build/build.ts FOLDER`: the program of an installed node, into a folder that is emptied before. infra/node/install.sh runs it. */
import { resolve } from 'node:path';
import { buildProgram } from './build-program.ts';

const [folder, ...others] = process.argv.slice(2);
if (folder === undefined || others.length > 0) {
  process.stderr.write('usage: node media-node/build/build.ts FOLDER\n');
  process.exit(2);
}
buildProgram(resolve(folder)).catch((error: unknown) => {
  process.stderr.write(
    `the node's program cannot be built: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
});
