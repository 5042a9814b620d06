/** A file system that is small enough to be filled: tmpfs, which only root may mount. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DrillNeeds } from './drill.ts';

const run = promisify(execFile);

export interface SmallDisk {
  readonly folder: string;
  remove(): Promise<void>;
}

/** @throws DrillNeeds where nothing may be mounted */
export async function makeSmallDisk(kb: number): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'callgate-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${kb}k`, 'callgate', folder]);
  } catch (error) {
    await rm(folder, { recursive: true });
    throw new DrillNeeds(
      `a small file system cannot be mounted; run as root: ${error instanceof Error ? error.message : ''}`,
    );
  }
  return {
    folder,
    remove: async () => {
      await run('umount', [folder]);
      await rm(folder, { recursive: true });
    },
  };
}
