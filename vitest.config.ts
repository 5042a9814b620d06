import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { testBindings } from './edge-worker/testdata/bindings.ts';

/** As infra/setup/patience.ts has it. */
const patienceMs = 15_000;

/**
 * Four projects, one per kind of proof: the house itself (`house`: types, lint, walls, the Worker's bundle), pure logic and node
 * parts (`unit`), the Worker inside workerd (`edge`), and the whole stack with real programs (`e2e`). They run in that order, and
 * e2e one file at a time, so that nothing disturbs what is measured in milliseconds.
 */
export default defineConfig({
  test: {
    // A focused test hides all others; infra/setup/no-skipped-tests.ts does the same for skipped ones.
    allowOnly: false,
    // What a passing test's parts log is noise; a failing one's is what one wants to read.
    silent: 'passed-only',
    projects: [
      {
        test: {
          name: 'house',
          include: ['infra/house/**/*.test.ts'],
          testTimeout: 120_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'unit',
          include: [
            'shared/src/**/*.test.ts',
            'media-node/{src,build}/**/*.test.ts',
            'infra/**/*.test.ts',
          ],
          exclude: ['infra/e2e/**', 'infra/house/**', '**/node_modules/**'],
          setupFiles: ['infra/setup/patience.ts'],
          expect: { poll: { timeout: patienceMs } },
          testTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: { bindings: testBindings },
          }),
        ],
        test: {
          name: 'edge',
          include: ['edge-worker/src/**/*.test.ts'],
          setupFiles: ['infra/setup/patience.ts'],
          expect: { poll: { timeout: patienceMs } },
          // The first request of a file waits for workerd to start, beside those of the other files.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['infra/e2e/**/*.test.ts'],
          setupFiles: ['infra/e2e/no-leaks.setup.ts'],
          fileParallelism: false,
          globalSetup: './infra/setup/see-to-livekit.ts',
          // LiveKit's SDK fills the output with its debug log anywhere else.
          env: { NODE_ENV: 'production' },
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
