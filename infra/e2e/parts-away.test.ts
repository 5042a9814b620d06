import { spawn } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { FaultProxy } from '../drills/fault-proxy.ts';
import { countRecords } from '../drills/record-count.ts';
import { runSipp } from '../lab/sipp.ts';
import { freeTcpPort } from '../local/free-port.ts';
import { nodeProgram } from '../local/node-program.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { dial } from './phone-calls.ts';
import {
  caller,
  endedFor,
  eventually,
  isNodeIdle,
  numbers,
  type RoutedStack,
  startRoutedStack,
} from './routed-stack.ts';

let stack: RoutedStack | null = null;
afterEach(async () => {
  await stack?.stop();
  stack = null;
});

const [number = ''] = numbers;

/** How long a caller waits for a final answer (RFC 3261 timer B). The 4 s promised are measured by the drills edge-killed and edge-slow, where a busy machine fails no build. */
const patienceMs = 32_000;

describe('a part is away', () => {
  it('the edge: 503 while the caller waits, a line in the log that says so, and the record when it is back', async () => {
    stack = await startRoutedStack();
    stack.edge.kill('SIGKILL');
    await stack.edge.ended;
    const start = performance.now();
    const result = await runSipp('refused with 503', { target: stack.node.sip, number });
    expect(result.trace).toBe('');
    expect(performance.now() - start).toBeLessThan(patienceMs);
    const failed = () => stack?.nodeEvents('part-failed') ?? [];
    await eventually('the log says so', () =>
      failed().some(({ reason }) => reason === 'edge-unreachable'),
    );
    await eventually(
      'its record waits',
      async () => (await stack?.nodeStats())?.records_pending === 1,
    );
    await stack.restartEdge();
    await eventually(
      'the record is delivered',
      async () => (await stack?.nodeStats())?.records_pending === 0,
      60_000,
    );
  });

  it('the edge slower than the node waits: 503 while the caller waits, and its record is taken all the same, once', async () => {
    const edgePort = await freeTcpPort('127.0.0.1');
    const proxy = await FaultProxy.start(edgePort);
    stack = await startRoutedStack({
      edgePort,
      nodeEnvironment: { CALLGATE_EDGE_URL: proxy.url },
    });
    proxy.fault = { kind: 'slow', ms: 2_500 };
    const phone = await SipPhone.open('127.0.0.2');
    try {
      const call = await dial(stack, phone, number);
      const start = performance.now();
      expect(await call.answer).toMatchObject({ kind: 'refused', status: 503 });
      expect(performance.now() - start).toBeLessThan(patienceMs);
      // No caller waits for a record: it is given longer than a decision.
      await eventually(
        'the node knows that it was taken',
        async () => (await stack?.nodeStats())?.records_pending === 0,
        60_000,
      );
      proxy.fault = { kind: 'none' };
      const count = await countRecords(stack, [call], 30_000);
      expect(count).toMatchObject({ lost: 0, doubled: 0, reasons: { 'edge-unreachable': 1 } });
    } finally {
      phone.close();
      await proxy.close();
    }
  });

  it('LiveKit: 503 while the caller waits', async () => {
    stack = await startRoutedStack({ livekitUrl: 'ws://127.0.0.1:9' });
    const start = performance.now();
    const result = await runSipp('refused with 503 after the challenge', {
      target: stack.node.sip,
      number,
      ...caller,
    });
    expect(result.trace).toBe('');
    expect(performance.now() - start).toBeLessThan(patienceMs);
    await endedFor(stack, 'room-unreachable');
    await eventually('the node is idle', async () => stack !== null && (await isNodeIdle(stack)));
  });

  it('a wrong node token: 503, and the log names the token from the start', async () => {
    stack = await startRoutedStack({
      nodeEnvironment: { CALLGATE_NODE_TOKEN: 'a-token-that-the-edge-does-not-know' },
    });
    const failed = () => stack?.nodeEvents('edge-hello-failed') ?? [];
    await eventually('the node says that the edge refused it', () => failed().length > 0);
    const result = await runSipp('refused with 503', { target: stack.node.sip, number });
    expect(result.trace).toBe('');
    await endedFor(stack, 'edge-refused-node');
  });
});

describe('wrong configuration', () => {
  it.each([
    ['CALLGATE_SIP_LISTEN', 'everywhere', 'expected address:port'],
    ['CALLGATE_RTP_PORTS', '9-1', 'expected from-to'],
    ['CALLGATE_EDGE_URL', 'callgate.example.com', 'expected the http(s) URL'],
  ])(
    '%s=%s stops the node before it listens and names variable, value and expectation',
    async (name, value, expected) => {
      const { status, text } = await runNode({
        CALLGATE_EDGE_URL: 'http://127.0.0.1:9',
        CALLGATE_NODE_TOKEN: 'a-token-of-some-length',
        [name]: value,
      });
      expect(status).toBe(1);
      expect(text).toContain(`${name} is "${value}"; ${expected}`);
    },
  );

  it('a SIP address that is taken stops the node and names the address', async () => {
    stack = await startRoutedStack();
    const { status, text } = await runNode({
      CALLGATE_EDGE_URL: stack.edge.url,
      CALLGATE_NODE_TOKEN: 'a-token-of-some-length',
      CALLGATE_SIP_LISTEN: stack.node.sip,
      CALLGATE_MEDIA_ADDRESS: '127.0.0.1',
      CALLGATE_SPOOL_DIR: `${stack.folder}/another-spool`,
    });
    expect(status).toBe(1);
    expect(text).toContain(stack.node.sip);
  });
});

/** Runs the node's process with just this environment until it ends. */
async function runNode(
  environment: Record<string, string>,
): Promise<{ status: number | null; text: string }> {
  const { main } = await nodeProgram();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main], { env: environment, timeout: 20_000 });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.once('error', reject);
    // Not `exit`: output may still be under way then.
    child.once('close', (status) => resolve({ status, text }));
  });
}
