import { describe, expect, it } from 'vitest';
import { FairShare } from './fair-share.ts';

/** Calls that a source is given from a second on, when it asks every 10 ms and takes only what is its share. */
function givenIn(share: FairShare, source: string, fromMs: number, others: readonly string[] = []) {
  let given = 0;
  for (let ms = fromMs; ms < fromMs + 1_000; ms += 10) {
    for (const other of others) share.isUsedUp(other, ms);
    if (share.isUsedUp(source, ms)) continue;
    share.took(source, ms);
    given += 1;
  }
  return given;
}

describe('the share of a source', () => {
  it('is all there is while it is alone', () => {
    const share = new FairShare(10, 0);
    givenIn(share, 'a', 0);
    expect(givenIn(share, 'a', 1_000)).toBe(10);
  });

  it('is half of it beside another', () => {
    const share = new FairShare(10, 0);
    givenIn(share, 'a', 0, ['b']);
    expect(givenIn(share, 'a', 1_000, ['b'])).toBe(5);
  });

  it('is all of it again when the other has been silent for two seconds', () => {
    const share = new FairShare(10, 0);
    givenIn(share, 'a', 0, ['b']);
    for (const fromMs of [1_000, 2_000]) givenIn(share, 'a', fromMs);
    expect(givenIn(share, 'a', 3_000)).toBe(10);
  });

  it('is one call at least for a source that has been silent, among however many', () => {
    const share = new FairShare(2, 0);
    for (let n = 0; n < 50; n += 1) share.isUsedUp(`source ${n}`, 0);
    expect(share.isUsedUp('another', 1)).toBe(false);
  });
});
