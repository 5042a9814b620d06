import { enrolmentLimits } from '@callgate/shared/limits.ts';
import { describe, expect, it } from 'vitest';
import { accepts, enrolled, noCredentials, rotated, withCode } from './credentials.ts';

const { codeMs, overlapMs } = enrolmentLimits;
const coded = withCode(noCredentials, 'code', 0);
const node = enrolled(coded, 'code', 'one', 0) ?? noCredentials;

describe('the right to be a node', () => {
  it('is had for a code, once and in time', () => {
    expect(accepts(node, 'one', 0)).toBe(true);
    expect(enrolled(node, 'code', 'two', 0)).toBeNull();
    expect(enrolled(coded, 'another', 'one', 0)).toBeNull();
    expect(enrolled(coded, 'code', 'one', codeMs - 1)).not.toBeNull();
    expect(enrolled(coded, 'code', 'one', codeMs)).toBeNull();
    expect(enrolled(withCode(coded, 'newer', 1), 'code', 'one', 1)).toBeNull();
  });

  it('of a node that is enrolled anew is that of the new token alone', () => {
    const again = enrolled(withCode(node, 'second', 0), 'second', 'two', 0) ?? noCredentials;
    expect([accepts(again, 'one', 0), accepts(again, 'two', 0)]).toEqual([false, true]);
  });

  it('passes to a new token, and stays with the old one for a while', () => {
    const turned = rotated(node, 'one', 'two', 0) ?? noCredentials;
    expect([accepts(turned, 'one', overlapMs - 1), accepts(turned, 'two', 0)]).toEqual([
      true,
      true,
    ]);
    expect(accepts(turned, 'one', overlapMs)).toBe(false);
    expect(rotated(turned, 'one', 'three', overlapMs)).toBeNull();
    expect(rotated(node, 'stolen', 'three', 0)).toBeNull();
  });

  it("is nobody's before enrolment", () => {
    expect(accepts(noCredentials, 'one', 0)).toBe(false);
    expect(accepts(coded, 'code', 0)).toBe(false);
  });
});
