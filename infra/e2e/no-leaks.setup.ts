/** Runs before each end-to-end test file: when its tests are over and every program has ended, no line of them may have held a secret of the run. */
import { afterAll, expect } from 'vitest';
import { runSecrets } from '../local/secret-watch.ts';

// Registered first, so it runs last: what the programs say while they stop is searched, too.
afterAll(() => {
  expect(runSecrets.leaks, 'secrets in the output of our programs').toEqual([]);
});
