/** Files that are there whole or not at all, whenever the process dies. */
import { rename, rm, writeFile } from 'node:fs/promises';

/** Writes by way of a temporary name, for the owner alone. @throws when the disk does not take it; nothing is left of it then */
export async function writeWholeFile(path: string, text: string): Promise<void> {
  const part = `${path}.part`;
  try {
    await writeFile(part, text, { mode: 0o600 });
    await rename(part, path);
  } catch (error) {
    // What a full disk took of it would only keep it full.
    await rm(part, { force: true }).catch(() => {});
    throw error;
  }
}
