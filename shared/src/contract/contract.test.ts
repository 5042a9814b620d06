import { describe, expect, it } from 'vitest';
import { decision, decisionExamples } from './decision.ts';
import { nodeHello, nodeHelloExample, nodeWelcome, nodeWelcomeExample } from './hello.ts';
import { leaseReport, leaseReportExample } from './lease.ts';
import { linkFromEdge, linkFromEdgeExample, linkFromNode, linkFromNodeExample } from './link.ts';
import { offer, offerExample } from './offer.ts';
import { pinAnswer, pinAnswerExample } from './pin.ts';
import { callRecord, callRecordExample } from './record.ts';

describe('contract', () => {
  it.each([
    ['offer', offer, offerExample],
    ['pin answer', pinAnswer, pinAnswerExample],
    ['record', callRecord, callRecordExample],
    ['lease report', leaseReport, leaseReportExample],
    ['link, from the edge', linkFromEdge, linkFromEdgeExample],
    ['link, from the node', linkFromNode, linkFromNodeExample],
    ['node hello', nodeHello, nodeHelloExample],
    ['node welcome', nodeWelcome, nodeWelcomeExample],
  ] as const)('the example of %s fits its schema and survives JSON', (_name, schema, example) => {
    expect(schema.parse(JSON.parse(JSON.stringify(example)))).toEqual(example);
  });

  it.each(Object.values(decisionExamples))(
    'the example of decision $kind fits its schema',
    (example) => {
      expect(decision.parse(JSON.parse(JSON.stringify(example)))).toEqual(example);
    },
  );

  it('names the field that is wrong', () => {
    const { issues } = offer.safeParse({
      ...offerExample,
      source: { ...offerExample.source, port: '5060' },
    }).error ?? {
      issues: [],
    };
    expect(issues.map((issue) => issue.path.join('.'))).toEqual(['source.port']);
  });

  it('refuses a field it does not know, by name', () => {
    const { issues } = offer.safeParse({ ...offerExample, colour: 'red' }).error ?? { issues: [] };
    expect(issues[0]).toMatchObject({ code: 'unrecognized_keys', keys: ['colour'] });
  });

  it('lets a decision carry a field of a newer edge', () => {
    expect(decision.safeParse({ ...decisionExamples.drop, colour: 'red' }).success).toBe(true);
  });
});
