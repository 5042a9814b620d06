import { decisionExamples, type JoinDecision } from '@callgate/shared/contract/decision.ts';
import { sipLimits } from '@callgate/shared/limits.ts';
import { describe, expect, it } from 'vitest';
import { headersOut } from './headers-out.ts';

const join: JoinDecision = {
  ...decisionExamples.join,
  headers: { 'X-Served-By': 'callgate' },
  attributes_to_headers: { ticket: 'X-Ticket', agent: 'X-Served-By' },
};

describe('headers of 200, BYE and REFER', () => {
  it('are those of the trunk while no mapped attribute is set', () => {
    const served = { name: 'X-Served-By', value: 'callgate' };
    expect(headersOut(join, {})).toEqual([served]);
    expect(headersOut(join, { other: 'x', ticket: '' })).toEqual([served]);
  });

  it('and attributes as they are now, which win over the trunk', () => {
    expect(headersOut(join, { ticket: '42', agent: 'ada' })).toEqual([
      { name: 'X-Served-By', value: 'ada' },
      { name: 'X-Ticket', value: '42' },
    ]);
  });

  it('know a header by any spelling of its name', () => {
    const spelled = { ...join, attributes_to_headers: { agent: 'x-served-by' } };
    expect(headersOut(spelled, { agent: 'ada' })).toEqual([{ name: 'x-served-by', value: 'ada' }]);
  });

  it('leave out what would not fit into a datagram, and take what comes after it', () => {
    const long = 'x'.repeat(sipLimits.mappedHeaderBytesMax);
    expect(headersOut(join, { ticket: long, agent: 'ada' })).toEqual([
      { name: 'X-Served-By', value: 'ada' },
    ]);
  });

  it('take no attribute from the prototype of an object', () => {
    const odd = { ...join, headers: {}, attributes_to_headers: { constructor: 'X-Odd' } };
    expect(headersOut(odd, {})).toEqual([]);
  });
});
