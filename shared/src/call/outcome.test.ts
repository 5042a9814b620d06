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

  // A 503 sends the provider to the next node. A cap of a trunk holds on every node: the caller is told when to try again (RFC 3261 §20.33), and the node stays in use.
  it('sends Retry-After with 503 and with the caps of a trunk, and with nothing else', () => {
    for (const reason of outcomeReasons) {
      const isCap = reason === 'trunk-full' || reason === 'trunk-too-fast';
      expect(outcomes[reason].retryAfter, reason).toBe(outcomes[reason].sipStatus === 503 || isCap);
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
