/** Python with a package of PyPI, in a virtual environment of its own in the user's cache: made once, used by the tests and benches. */
import { access, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../local/cache-folder.ts';
import { runProgram } from './run-program.ts';

/** Path of a Python that can import livekit.api. @throws Error that says what is missing */
export function findPythonClient(): Promise<string> {
  return findPythonWith('livekit-api==1.2.2');
}

/** @param packages with their exact versions, as every other dependency. @throws Error that says what is missing */
export async function findPythonWith(...packages: readonly string[]): Promise<string> {
  const folder = join(cacheFolder(), packages.map((one) => one.replace('==', '-')).join('+'));
  const python = join(folder, 'bin', 'python');
  if (await exists(python)) return python;
  const partial = `${folder}.${process.pid}`;
  await rm(partial, { recursive: true, force: true });
  await must('python3', ['-m', 'venv', '--copies', partial], 'Debian package python3-venv');
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages];
  await must(join(partial, 'bin', 'python'), pip, 'the package index of Python');
  // Another run may have made it meanwhile: the first one stays.
  await rename(partial, folder).catch(() => rm(partial, { recursive: true, force: true }));
  return python;
}

async function must(program: string, args: readonly string[], needs: string): Promise<void> {
  const { status, output } = await runProgram(program, args, 180_000);
  if (status !== 0)
    throw new Error(`a Python of our own needs ${needs}: ${program} ${args.join(' ')}\n${output}`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    // Not made yet.
    return false;
  }
}
