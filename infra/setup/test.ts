/**
 * `npm test`: every proof there is, in one run of the test runner: the house (types, lint, walls, the Worker's bundle), unit, the
 * Worker in workerd, end to end. Arguments go to vitest: `npm test -- --project unit media-node/src/sip`.
 * Leaves the runner's own report as JSON for machines and exits with the runner's status.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { testReportFile } from './test-report-file.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

rmSync(testReportFile, { force: true });
const child = spawn(
  process.execPath,
  [
    `${root}node_modules/vitest/vitest.mjs`,
    'run',
    '--reporter=default',
    '--reporter=json',
    `--reporter=${root}infra/setup/no-skipped-tests.ts`,
    `--reporter=${root}infra/setup/no-leaked-secrets.ts`,
    `--outputFile.json=${testReportFile}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit' },
);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => child.kill(signal));
}
child.once('exit', (status, signal) => {
  process.exitCode = status ?? 128 + (signal === null ? 0 : constants.signals[signal]);
});
