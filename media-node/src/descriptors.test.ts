import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { areDescriptorsLeft, residentBytes } from './descriptors.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** What a program says that may have 64 files and sockets open, its own among them. */
async function withFew(program: string): Promise<unknown> {
  const script = `import { areDescriptorsLeft, residentBytes } from './descriptors.ts'; ${program}`;
  const { stdout } = await promisify(execFile)(
    'sh',
    ['-c', 'ulimit -n 64; exec "$0" --input-type=module -e "$1"', process.execPath, script],
    { cwd: folder },
  );
  return JSON.parse(stdout);
}

describe('descriptors', () => {
  it('that were tried are all given back', () => {
    const before = readdirSync('/proc/self/fd').length;
    expect(areDescriptorsLeft(48)).toBe(true);
    // Other threads of this process open and close some meanwhile.
    expect(readdirSync('/proc/self/fd').length).toBeLessThan(before + 24);
  });

  it('are left up to the limit of the process, again and again', async () => {
    const asked = 'console.log(JSON.stringify([8, 100, 8, 100, 8].map(areDescriptorsLeft)))';
    expect(await withFew(asked)).toEqual([true, false, true, false, true]);
  });

  it('are not needed to go on when memory is looked at', async () => {
    const asked = `
      import { openSync } from 'node:fs';
      const before = residentBytes();
      try { for (;;) openSync('/dev/null'); } catch {}
      const after = residentBytes();
      process.stdout.write(JSON.stringify([before > 1e6, after === before]));`;
    expect(await withFew(asked)).toEqual([true, true]);
    expect(residentBytes()).toBeGreaterThan(1e6);
  });
});
