/** The smoke test that follows a deploy, against an edge that works and against ones that do not. */
import { contractVersion } from '@callgate/shared/contract/version.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smoke } from '../edge/smoke.ts';
import { runTool } from '../setup/run-tool.ts';
import { type RoutedStack, startRoutedStack } from './routed-stack.ts';

let stack: RoutedStack;
beforeAll(async () => {
  stack = await startRoutedStack();
});
afterAll(async () => {
  await stack?.stop();
});

const failed = async (changes: { url?: string; apiSecret?: string }) => {
  const { apiKey, apiSecret } = stack.livekit;
  const checks = await smoke({ url: stack.edge.url, apiKey, apiSecret, ...changes });
  expect(checks.length).toBeGreaterThan(5);
  return checks.filter(({ ok }) => !ok);
};

describe('the smoke test of the edge', () => {
  it('finds nothing wrong with one that works, and changes nothing', async () => {
    const before = await stack.sip.listSipInboundTrunk();
    expect(await failed({})).toEqual([]);
    expect(await stack.sip.listSipInboundTrunk()).toEqual(before);
  });

  it('names what an operator with another secret cannot do', async () => {
    const names = (await failed({ apiSecret: 'x'.repeat(43) })).map(({ name }) => name);
    expect(names).toEqual([
      'the LiveKit API lists trunks',
      'the routing table can be read',
      'a call that nobody makes is decided',
    ]);
  });

  it('fails every check where nobody answers, or somebody else does', async () => {
    expect(
      (await failed({ url: 'http://127.0.0.1:9' })).map(({ seen }) => seen.slice(0, 2)),
    ).toEqual(Array.from({ length: 7 }, () => '0 '));
    const others = await failed({ url: stack.livekit.url.replace(/^ws/, 'http') });
    expect(others.map(({ name }) => name)).toContain(
      `it speaks version ${contractVersion} of the contract`,
    );
  });
});

describe('wrangler', () => {
  it.each([
    [
      ['deploy', '--help'],
      ['--strict', '--tag', '--dry-run'],
    ],
    [
      ['rollback', '--help'],
      ['--message', '--yes'],
    ],
    [['secret', 'bulk', '--help'], ['bulk']],
    [['queues', 'create', '--help'], ['create <name>']],
  ])('takes what npm run edge gives it: %j', async (args, words) => {
    const { status, output } = await runTool('wrangler', args);
    expect(status, output).toBe(0);
    for (const word of words) expect(output).toContain(word);
  });
});
