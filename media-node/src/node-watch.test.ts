import { spoolLimits } from '@callgate/shared/limits.ts';
import { expect, it } from 'vitest';
import { readiness } from './node-watch.ts';

const well = {
  isStopping: false,
  state: 'accepting',
  isMediaReady: true,
  recordsPending: 0,
} as const;

it('a node is ready when it takes calls, has media for them, and room for their records', () => {
  expect(readiness(well)).toEqual({ taking_calls: 'ok', media: 'ok', spool: 'ok' });
});

it.each([
  [{ isStopping: true }, { taking_calls: 'stopping' }],
  [{ state: 'full' }, { taking_calls: 'full' }],
  [{ state: 'draining' }, { taking_calls: 'draining' }],
  [{ isMediaReady: false }, { media: 'no media process takes calls' }],
  [{ recordsPending: spoolLimits.recordsMax }, { spool: 'full of undelivered records' }],
] as const)('a node with %j is not, and says why', (changes, expected) => {
  expect(readiness({ ...well, ...changes })).toEqual({ ...readiness(well), ...expected });
});
