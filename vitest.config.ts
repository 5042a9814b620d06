import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

/**
 * Four projects, one per kind of proof: pure logic and node parts (`unit`), the Worker inside workerd
 * (`edge`), and the whole stack with real programs (`e2e`), which runs one file at a time.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['shared/src/**/*.test.ts', 'media-node/src/**/*.test.ts', 'infra/**/*.test.ts'],
          exclude: ['infra/e2e/**', '**/node_modules/**'],
          testTimeout: 20_000,
        },
      },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: './wrangler.toml' } })],
        test: {
          name: 'edge',
          include: ['edge-worker/src/**/*.test.ts'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['infra/e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
