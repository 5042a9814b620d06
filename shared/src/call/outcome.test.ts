import { describe, expect, it } from 'vitest';
import { isOutcomeReason, outcomeReasons, outcomes } from './outcome.ts';

describe('table of outcomes', () => {
  it.each(outcomeReasons)(
    '%s has a final SIP status or silence, a Q.850 cause and two sentences',
    (reason) => {
      const outcome = outcomes[reason];
      if (outcome.sipStatus !== null && outcome.sipStatus !== 200) {
        expect(outcome.sipStatus).toBeGreaterThanOrEqual(400);
        expect(outcome.sipStatus).toBeLessThan(700);
      }
      expect(outcome.q850).toBeGreaterThanOrEqual(1);
      expect(outcome.q850).toBeLessThanOrEqual(127);
      expect(outcome.meaning).toMatch(/^[A-Z].*\.$/);
      expect(outcome.advice).toMatch(/^[A-Z].*\.$/);
    },
  );

  it.each(outcomeReasons)('%s is written in kebab-case', (reason) => {
    expect(reason).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  it('sends Retry-After with 503 and with nothing else', () => {
    for (const reason of outcomeReasons) {
      expect(outcomes[reason].retryAfter, reason).toBe(outcomes[reason].sipStatus === 503);
    }
  });

  it('tells 404, 407, 480, 486, 488 and 503 apart', () => {
    const statuses = new Set(outcomeReasons.map((reason) => outcomes[reason].sipStatus));
    for (const status of [404, 407, 480, 486, 488, 503]) expect(statuses).toContain(status);
  });

  it('does not take a name of the prototype for a reason', () => {
    expect(isOutcomeReason('toString')).toBe(false);
    expect(isOutcomeReason('no-trunk')).toBe(true);
  });
});
