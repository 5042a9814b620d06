import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('gives back what a process held while it loaded', async () => {
  const program = `
    import { settleHeap } from './heap-size.ts';
    const held = Array.from({ length: 200_000 }, (_, i) => ({ i }));
    const before = process.memoryUsage().heapTotal;
    held.length = 0;
    settleHeap();
    console.log(JSON.stringify({ before, after: process.memoryUsage().heapTotal }));
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', program],
    { cwd: import.meta.dirname },
  );
  const { before, after } = JSON.parse(stdout) as { before: number; after: number };
  expect(before - after).toBeGreaterThan(5_000_000);
});
