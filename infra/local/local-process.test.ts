import { expect, it } from 'vitest';
import { LocalProcess } from './local-process.ts';

it('ends a program that takes no notice of SIGTERM, and the child that it leaves', async () => {
  const lines: string[] = [];
  const program = await LocalProcess.start({
    name: 'stubborn',
    command: '/bin/sh',
    args: ['-c', 'trap "" TERM; sleep 300 & echo ready; wait'],
    environment: { PATH: '/usr/bin:/bin' },
    onLine: (line) => lines.push(line),
  });
  await program.waitUntil(async () => lines.includes('ready'), 10_000);
  expect(await program.stop(50)).toBe('signal SIGKILL');
});
