/** Twenty thousand mutated messages, always the same; infra/bench/sip-fuzz.ts sends 300,000. */
import { expect, it } from 'vitest';
import { fuzz } from './fuzz.fake.ts';

it('nothing throws, nothing stays, and every kind of answer is given', {
  timeout: 60_000,
}, async () => {
  const result = await fuzz(20_000, 20_261_123);
  expect(result.faults).toEqual([]);
  expect(result.left).toEqual({ transactions: 0, dialogs: 0, timers: 0 });
  expect([...result.answers.keys()].sort()).toEqual(
    expect.arrayContaining([
      'SIP/2.0 100',
      'SIP/2.0 200',
      'SIP/2.0 400',
      'SIP/2.0 404',
      'SIP/2.0 405',
      'SIP/2.0 481',
    ]),
  );
  expect(result.over5Ms).toBe(0);
});
