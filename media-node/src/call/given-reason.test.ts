import { expect, it } from 'vitest';
import { givenReason } from './given-reason.ts';

it.each([
  ['', null],
  ['Q.850;cause=16;text="Normal call clearing"', null],
  ['Q.850 ;cause=16, X.int;cause=0', null],
  ['SIP;cause=200;text="Call completed elsewhere"', 'SIP 200 (Call completed elsewhere)'],
  ['Q.850;cause=34;text="No circuit, sorry; really"', 'Q.850 34 (No circuit, sorry; really)'],
  ['SIP;cause=480, Q.850;cause=16', 'SIP 480'],
  ['SIP;cause=480, Q.850;cause=20;text="gr\xc3\xbcn"', 'SIP 480, Q.850 20 (grün)'],
  ['SIP', null],
  ['SIP;cause=many', null],
  ['"', null],
  [`a b;cause=1, ${'x'.repeat(40)};cause=2`, null],
])('%s: %s', (header, given) => {
  expect(givenReason(header)).toBe(given === null ? null : `The caller gave as reason: ${given}.`);
});

it('is short, whatever a stranger writes', () => {
  const long = Array.from({ length: 50 }, () => `SIP;cause=500;text="${'x'.repeat(60)}"`);
  expect(givenReason(long.join(', '))?.length).toBeLessThan(400);
});
