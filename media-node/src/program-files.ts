/**
 * Files that belong to the program, beside its code. The code is the sources in a checkout, and where a node is installed the few files that media-node/build makes of them; both
 * are the same program.
 */
import { fileURLToPath } from 'node:url';

const isBuilt = !import.meta.url.endsWith('.ts');

const beside = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What a media process runs. */
export const mediaProcessProgram = beside(
  isBuilt ? './media-process.mjs' : './media/process/media-process.ts',
);

/** The prompts that come with the node. */
export const ownPrompts = beside(isBuilt ? './prompts' : '../prompts');
