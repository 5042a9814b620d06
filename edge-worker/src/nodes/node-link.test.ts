import { env } from 'cloudflare:workers';
import { commandResultExamples } from '@callgate/shared/contract/command.ts';
import {
  type LinkFromEdge,
  linkFromEdge,
  linkPing,
  linkProtocol,
  nodeStatusExample,
  oldLinkProtocol,
} from '@callgate/shared/contract/link.ts';
import { processHeader } from '@callgate/shared/contract/process.ts';
import { describe, expect, it } from 'vitest';
import { connect, handshake, link, livingLink } from '../../testdata/link.ts';
import { asAdmin, asNode, putRouting } from '../../testdata/requests.ts';
import { nodeLinkOf } from './node-link-of.ts';

const nodes = async () =>
  ((await (await asAdmin('GET', '/v1/routing/status')).json()) as { nodes: object[] }).nodes;
const number = () => ({ numbers: [`+${Math.floor(Math.random() * 1e12)}`] });

describe('the link of a node', () => {
  it('tells the revision at once, and each new one when it is there', async () => {
    const first = await putRouting({ trunks: [number()] });
    const { messages, webSocket } = await link();
    await expect.poll(() => messages).toEqual([{ type: 'revision', revision: first.revision }]);
    const { revision } = await putRouting({ trunks: [number()] });
    await expect.poll(() => messages.at(-1)).toEqual({ type: 'revision', revision });
    webSocket.close(1000);
  });

  it('shows in the status what the node has seen, until it goes', async () => {
    const { webSocket } = await link();
    webSocket.send(JSON.stringify({ type: 'seen', revision: 41 }));
    await expect.poll(nodes).toMatchObject([{ name: 'test-1', revision: 41 }]);
    webSocket.close(1000);
    await expect.poll(nodes).toEqual([]);
  });

  it('may break while a command is obeyed: the node says over the next what came of it', async () => {
    const first = await link();
    const answer = nodeLinkOf(env, 'test-1').command({ do: 'undrain' }, 60_000);
    const commandOf = (messages: readonly (LinkFromEdge | 'pong')[]) =>
      messages.find((message) => message !== 'pong' && message.type === 'command');
    await expect.poll(() => commandOf(first.messages)).toBeDefined();
    first.webSocket.close(4_999);
    await expect.poll(nodes).toEqual([]);
    const second = await link();
    const result = commandResultExamples.done;
    const command = commandOf(first.messages);
    second.webSocket.send(
      JSON.stringify({ ...command, command: undefined, type: 'result', result }),
    );
    expect(await answer).toEqual(result);
    second.webSocket.close(1000);
  });

  it('answers a ping', async () => {
    const { webSocket, messages } = await link();
    webSocket.send(linkPing);
    await expect.poll(() => messages).toContain('pong');
    webSocket.close(1000);
  });

  it('gives way to a new link of the same node', async () => {
    const old = await link();
    const fresh = await link();
    expect((await old.closed).code).toBe(4_000);
    const { revision } = await putRouting({ trunks: [number()] });
    await expect.poll(() => fresh.messages.at(-1)).toEqual({ type: 'revision', revision });
    expect(await nodes()).toMatchObject([{ name: 'test-1' }]);
    fresh.webSocket.close(1000);
  });

  it('stays with a process that lives, and another of its name is told so', async () => {
    const first = await livingLink('0123456789abcdef');
    const copy = await livingLink('123456789abcdef0');
    expect(await copy.closed).toMatchObject({
      code: 4_000,
      reason: 'another process is linked as test-1: give each its own name',
    });
    const { revision } = await putRouting({ trunks: [number()] });
    await expect.poll(() => first.messages.at(-1)).toEqual({ type: 'revision', revision });
    expect(copy.messages).toEqual([]);

    const again = await livingLink('0123456789abcdef');
    expect((await first.closed).code).toBe(4_000);
    again.webSocket.close(1000);
  });

  it('goes to another process when the one that has it is silent', async () => {
    const silent = await link({ ...handshake, [processHeader]: '0123456789abcdef' });
    const next = await livingLink('123456789abcdef0');
    expect((await silent.closed).code).toBe(4_000);
    await expect.poll(() => next.messages.length).toBeGreaterThan(0);
    next.webSocket.close(1000);
  });

  it.each(['{"type":"seen"}', '{"type":"erase","revision":1}', 'x', 'x'.repeat(5_000)])(
    'is closed for %j',
    async (message) => {
      const { webSocket, closed } = await link();
      webSocket.send(message);
      expect((await closed).code).toBe(4_001);
    },
  );

  it('speaks the older protocol with a node that knows no other', async () => {
    const response = await connect({ ...handshake, 'sec-websocket-protocol': oldLinkProtocol });
    expect(response.headers.get('sec-websocket-protocol')).toBe(oldLinkProtocol);
    response.webSocket?.accept();
    response.webSocket?.close(1000);
    const both = `${oldLinkProtocol}, ${linkProtocol}`;
    const newest = await connect({ ...handshake, 'sec-websocket-protocol': both });
    expect(newest.headers.get('sec-websocket-protocol')).toBe(linkProtocol);
    newest.webSocket?.accept();
    newest.webSocket?.close(1000);
  });

  it('is for nodes, by WebSocket, in a protocol that the edge knows', async () => {
    expect((await connect({ ...handshake, authorization: 'Bearer x' })).status).toBe(401);
    expect((await connect({ ...handshake, 'sec-websocket-protocol': 'other' })).status).toBe(426);
    expect((await asNode('GET', '/v1/nodes/link')).status).toBe(426);
  });
});

/** Answers each command that comes with `result`. */
function obeyWith(node: Awaited<ReturnType<typeof link>>, result: object) {
  const commands: object[] = [];
  node.webSocket.addEventListener('message', ({ data }) => {
    if (data === 'pong') return;
    const message = linkFromEdge.parse(JSON.parse(String(data)));
    if (message.type !== 'command') return;
    commands.push(message.command);
    node.webSocket.send(JSON.stringify({ type: 'result', id: message.id, result }));
  });
  return commands;
}

const tell = (action: string, body?: object) => asAdmin('POST', `/v1/nodes/${action}`, body);
const listed = async () =>
  ((await (await asAdmin('GET', '/v1/nodes')).json()) as { nodes: { link: object | null }[] })
    .nodes;

describe('a node in the hands of an operator', () => {
  it('is listed with what it tells of itself, and without link when it is away', async () => {
    const { webSocket } = await link();
    webSocket.send(JSON.stringify({ type: 'status', status: nodeStatusExample }));
    await expect
      .poll(listed)
      .toMatchObject([
        { name: 'test-1', link: { protocol: linkProtocol, status: nodeStatusExample } },
      ]);
    webSocket.close(1000);
    await expect.poll(listed).toEqual([{ name: 'test-1', enrolled_at_ms: null, link: null }]);
  });

  it('is drained with a deadline, and stays or ends as asked', async () => {
    const node = await link();
    const commands = obeyWith(node, { kind: 'done' });
    expect(await (await tell('test-1/drain')).json()).toEqual({ done: true });
    await tell('test-1/drain', { deadline_s: 5, exit: false });
    await tell('test-1/undrain');
    await tell('test-1/log-level', { level: 'debug' });
    expect(commands).toEqual([
      { do: 'drain', deadline_ms: 600_000, exit: true },
      { do: 'drain', deadline_ms: 5_000, exit: false },
      { do: 'undrain' },
      { do: 'log-level', level: 'debug' },
    ]);
    node.webSocket.close(1000);
  });

  it('says why it does not obey', async () => {
    const node = await link();
    obeyWith(node, { kind: 'refused', why: 'failed', detail: 'it stops already' });
    const response = await tell('test-1/undrain');
    expect([response.status, await response.json()]).toMatchObject([
      409,
      { code: 'command-refused', detail: 'it stops already' },
    ]);
    node.webSocket.close(1000);
  });

  it('cannot be told anything while it is away, and one that nobody knows is not found', async () => {
    await expect.poll(listed).toEqual([{ name: 'test-1', enrolled_at_ms: null, link: null }]);
    expect((await tell('test-1/drain')).status).toBe(409);
    expect((await tell('test-9/drain')).status).toBe(404);
    expect((await tell('Test/drain')).status).toBe(400);
    expect((await tell('test-1/drain', { deadline_s: -1 })).status).toBe(400);
  });

  it('takes no commands by the older protocol', async () => {
    const old = await link({ ...handshake, 'sec-websocket-protocol': oldLinkProtocol });
    const response = await tell('test-1/drain');
    expect(await response.json()).toMatchObject({
      code: 'node-away',
      detail: 'the node is of an older version that takes no commands',
    });
    old.webSocket.close(1000);
  });

  it('obeys operators only', async () => {
    expect((await asNode('GET', '/v1/nodes')).status).toBe(401);
    expect((await asNode('POST', '/v1/nodes/test-1/drain')).status).toBe(401);
  });
});
