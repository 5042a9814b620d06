import { describe, expect, it } from 'vitest';
import { readTraceparent, writeTraceparent } from './traceparent.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

describe('traceparent', () => {
  it.each([true, false])('is read as it was written, sampled: %s', (isSampled) => {
    const context = { traceId, spanId, isSampled };
    expect(readTraceparent(writeTraceparent(context))).toEqual(context);
  });

  it('of a later version is read as far as we know it', () => {
    expect(readTraceparent(`cc-${traceId}-${spanId}-09-what-may-come`)).toEqual({
      traceId,
      spanId,
      isSampled: true,
    });
  });

  it.each([
    ['no header', null],
    ['empty', ''],
    ['an all-zero trace id', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['an all-zero span id', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['version ff', `ff-${traceId}-${spanId}-01`],
    ['version 00 with more behind', `00-${traceId}-${spanId}-01-x`],
    ['upper case', `00-${traceId.toUpperCase()}-${spanId}-01`],
    ['too short', `00-${traceId.slice(1)}-${spanId}-01`],
    ['a line feed', `00-${traceId}-${spanId}-01\n`],
  ])('with %s is none', (_, text) => {
    expect(readTraceparent(text)).toBeNull();
  });
});
