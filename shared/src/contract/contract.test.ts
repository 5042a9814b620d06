import { describe, expect, it } from 'vitest';
import {
  commandResult,
  commandResultExamples,
  nodeCommand,
  nodeCommandExamples,
} from './command.ts';
import { decision, decisionExamples } from './decision.ts';
import { nodeHello, nodeHelloExample, nodeWelcome, nodeWelcomeExample } from './hello.ts';
import { leaseReport, leaseReportExample } from './lease.ts';
import {
  linkFromEdge,
  linkFromEdgeExamples,
  linkFromNode,
  linkFromNodeExamples,
  nodeStatus,
  nodeStatusExample,
} from './link.ts';
import { ofNewerNode } from './newer-node.fake.ts';
import { offer, offerExample } from './offer.ts';
import { pinAnswer, pinAnswerExample } from './pin.ts';
import { callProgress, callProgressExample } from './progress.ts';
import { callRecord, callRecordExample } from './record.ts';
import { contractFault } from './version.ts';

describe('contract', () => {
  it.each([
    ['offer', offer, offerExample],
    ['pin answer', pinAnswer, pinAnswerExample],
    ['progress', callProgress, callProgressExample],
    ['record', callRecord, callRecordExample],
    ['lease report', leaseReport, leaseReportExample],
    ['node status', nodeStatus, nodeStatusExample],
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

  it.each(linkFromEdgeExamples)('the example of $type from the edge fits its schema', (example) => {
    expect(linkFromEdge.parse(JSON.parse(JSON.stringify(example)))).toEqual(example);
  });

  it.each(linkFromNodeExamples)('the example of $type from the node fits its schema', (example) => {
    expect(linkFromNode.parse(JSON.parse(JSON.stringify(example)))).toEqual(example);
  });

  it.each(Object.values(nodeCommandExamples))(
    'the example of command $do fits its schema',
    (example) => {
      expect(nodeCommand.parse(JSON.parse(JSON.stringify(example)))).toEqual(example);
    },
  );

  it.each(Object.values(commandResultExamples))(
    'the example of result $kind fits its schema',
    (example) => {
      expect(commandResult.parse(JSON.parse(JSON.stringify(example)))).toEqual(example);
    },
  );

  it('takes the version before its own, and says which it speaks when it takes none', () => {
    expect([1, 2].map(contractFault)).toEqual([null, null]);
    expect(contractFault(3)).toBe(
      'contract: this edge speaks versions 1 to 2, the node speaks 3; bring the edge up to date first',
    );
    expect(contractFault(0)).toContain('bring the node up to date');
    expect(offer.safeParse({ ...offerExample, contract: 1, sequence: undefined }).data).toEqual({
      ...offerExample,
      contract: 1,
    });
  });

  it('names the field that is wrong', () => {
    const { issues } = offer.safeParse({
      ...offerExample,
      source: { ...offerExample.source, port: '5060' },
    }).error ?? {
      issues: [],
    };
    expect(issues.map((issue) => issue.path.join('.'))).toEqual(['source.port']);
  });

  it.each([
    ['offer', offer, offerExample],
    ['pin answer', pinAnswer, pinAnswerExample],
    ['progress', callProgress, callProgressExample],
    ['record', callRecord, callRecordExample],
    ['lease report', leaseReport, leaseReportExample],
    ['node hello', nodeHello, nodeHelloExample],
    ...linkFromNodeExamples.map(
      (example) => [`${example.type} over the link`, linkFromNode, example] as const,
    ),
  ] as const)(
    'a newer node may say more than %s knows, and that is left out',
    (_name, schema, example) => {
      expect(schema.parse(ofNewerNode(example))).toEqual(example);
    },
  );

  it('lets a decision carry a field of a newer edge', () => {
    expect(decision.safeParse({ ...decisionExamples.drop, colour: 'red' }).success).toBe(true);
  });
});
