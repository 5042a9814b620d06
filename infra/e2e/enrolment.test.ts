/** A machine becomes a node for a code, changes its token while it carries calls, and is put out. */
import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../agent/agent.ts';
import { type LocalMediaNode, startMediaNode } from '../local/media-node.ts';
import { nodeProgram } from '../local/node-program.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { asOperator } from './operator.ts';
import { agentIn, dial, dialUntilAnswered } from './phone-calls.ts';
import { eventually, numbers, type RoutedStack, startRoutedStack } from './routed-stack.ts';

const [number = '', other = ''] = numbers;

let stack: RoutedStack;
let phone: SipPhone;
let agent: Agent;
let node: LocalMediaNode;
let tokenFile: string;
const lines: string[] = [];

beforeAll(async () => {
  stack = await startRoutedStack();
  phone = await SipPhone.open('127.0.0.2');
  agent = await agentIn(stack, number);
  tokenFile = join(stack.folder, 'token');
});
afterAll(async () => {
  await node?.stop();
  await agent?.leave();
  phone?.close();
  await stack?.stop();
});

/** Runs `callgate-node` with these arguments. */
async function callgateNode(...args: string[]): Promise<{ status: number | null; text: string }> {
  const { main } = await nodeProgram();
  const options = ['--edge', stack.edge.url, '--token-file', tokenFile];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args, ...options], {
      env: {},
      timeout: 30_000,
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
    child.once('error', reject);
    // Not `exit`: output may still be under way then.
    child.once('close', (status) => resolve({ status, text }));
  });
}

describe('a new machine', () => {
  it('enrols with a one-time code and takes calls', async () => {
    const { body } = await asOperator(stack, 'POST', '/v1/nodes/fra-1/codes');
    const { code } = body as { code: string };
    const enrolled = await callgateNode('enrol', '--code', code);
    expect(enrolled).toMatchObject({
      status: 0,
      text: expect.stringContaining('enrolled as fra-1'),
    });
    expect((await stat(tokenFile)).mode & 0o777).toBe(0o600);
    const again = await callgateNode('enrol', '--code', code);
    expect(again).toMatchObject({ status: 1, text: expect.stringContaining('HTTP 401 code:') });

    node = await startMediaNode({
      name: 'fra-1',
      edgeUrl: stack.edge.url,
      token: '',
      rtpPorts: { from: 22_000, to: 22_199 },
      spoolFolder: join(stack.folder, 'spool-fra-1'),
      environment: { CALLGATE_NODE_TOKEN_FILE: tokenFile },
      onLine: (line) => lines.push(line),
    });
    const call = await dialUntilAnswered(stack, phone, number, { through: node.sip });
    call.hangUp();
    await call.ended;
  });

  it('changes its token without a restart', async () => {
    expect(await callgateNode('rotate')).toMatchObject({ status: 0 });
    await eventually('the node has the new token', () =>
      lines.some((line) => line.includes('"event":"token-changed"')),
    );
    const call = await dialUntilAnswered(stack, phone, number, { through: node.sip });
    call.hangUp();
    await call.ended;
  });

  it('that is put out loses its link and its calls, and its next call is refused', async () => {
    const call = await dialUntilAnswered(stack, phone, number, { through: node.sip });
    expect((await asOperator(stack, 'POST', '/v1/nodes/fra-1/revoke')).status).toBe(200);
    expect(await call.ended).toBe('node');
    await eventually('the link is cut', () =>
      lines.some((line) => line.includes('"event":"edge-link-lost"') && line.includes('4003')),
    );
    const next = await dial(stack, phone, other, { through: node.sip });
    expect(await next.answer).toMatchObject({ kind: 'refused', status: 503 });
    await eventually('the log says who refused', () =>
      lines.some((line) => line.includes('edge-refused-node')),
    );
  });
});
