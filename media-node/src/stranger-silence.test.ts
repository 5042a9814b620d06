/** How a node learns whether strangers are to hear nothing. */
import { decisionExamples } from '@callgate/shared/contract/decision.ts';
import { describe, expect, it } from 'vitest';
import { StrangerSilence } from './stranger-silence.ts';

const noTrunk = { ...decisionExamples.refuse, reason: 'no-trunk' } as const;

describe('silence for strangers', () => {
  it('is not wanted until the edge says so, in its hello', () => {
    const silence = new StrangerSilence();
    expect(silence.isWanted).toBe(false);
    silence.greeted({ strangers: 'drop' });
    expect(silence.isWanted).toBe(true);
    // An edge of the version before.
    silence.greeted({});
    expect(silence.isWanted).toBe(true);
    silence.greeted({ strangers: 'refuse' });
    expect(silence.isWanted).toBe(false);
  });

  it('follows what the edge does with strangers', () => {
    const silence = new StrangerSilence();
    expect(silence.decided(decisionExamples.drop)).toBe(decisionExamples.drop);
    expect(silence.isWanted).toBe(true);
    silence.decided(decisionExamples.join);
    silence.decided({ ...decisionExamples.refuse, reason: 'no-rule' });
    expect(silence.isWanted).toBe(true);
    silence.decided(noTrunk);
    expect(silence.isWanted).toBe(false);
  });
});
