/**
 * Makes the program of an installed node: its sources and the packages they use, in a few files of plain JavaScript. What is imported but never used falls out, and nothing has to be
 * stripped of its types at the start: together a seventh of the memory of a node. Names stay as they are, so that stack traces speak.
 */
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, stop } from 'esbuild';

const workspace = fileURLToPath(new URL('..', import.meta.url));

/** Packages that load files of their own, native code or WebAssembly: found in node_modules, above the program. */
const leftOutside = ['@evan/opus', '@livekit/rtc-node', 'libopus-wasm', 'node-datachannel'];

/** What older packages ask for other modules with; modules of the language have none. */
const requireForOlder =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/**
 * Writes `main.mjs`, `media-process.mjs`, what they share, and the prompts.
 * @param folder somewhere below the node's node_modules, or beside; emptied before
 * @throws Error that names file and line of what cannot be built
 */
export async function buildProgram(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const { path, text } of await bundle(folder)) await writeFile(path, inAscii(text));
  await cp(join(workspace, 'prompts'), join(folder, 'prompts'), {
    recursive: true,
    // Not their texts, nor what speaks them.
    filter: (source) => !/\.(json|ts)$/.test(source),
  });
}

async function bundle(folder: string) {
  try {
    const { outputFiles } = await build({
      absWorkingDir: workspace,
      entryPoints: {
        main: 'src/main.ts',
        'media-process': 'src/media/process/media-process.ts',
      },
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      write: false,
      bundle: true,
      // What only some nodes need, tracing or another room client, stays apart and is loaded by those.
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node22',
      external: leftOutside,
      banner: { js: requireForOlder },
      legalComments: 'none',
      logLevel: 'silent',
    });
    return outputFiles;
  } finally {
    await stop();
  }
}

/** A single letter beyond Latin-1, in a comment too, doubles what V8 keeps a source in. Escapes mean the same in strings and patterns, and nothing in comments. */
function inAscii(source: string): string {
  return source.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
