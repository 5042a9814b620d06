import { exports } from 'cloudflare:workers';
import { linkFromEdge, linkPing, linkProtocol } from '@callgate/shared/contract/link.ts';
import { describe, expect, it } from 'vitest';
import { testNodeToken } from '../../testdata/bindings.ts';
import { asAdmin, asNode, putRouting } from '../../testdata/requests.ts';

const handshake = {
  upgrade: 'websocket',
  'sec-websocket-protocol': linkProtocol,
  authorization: `Bearer ${testNodeToken}`,
};
const connect = (headers: Record<string, string> = handshake) =>
  exports.default.fetch('https://edge.test/v1/nodes/link', { headers });

/** Links as a node does and collects what comes. */
async function link() {
  const { webSocket } = await connect();
  if (webSocket === null) throw new Error('no WebSocket');
  const messages: unknown[] = [];
  const closed = new Promise<CloseEvent>((resolve) => webSocket.addEventListener('close', resolve));
  webSocket.addEventListener('message', ({ data }) => {
    messages.push(data === 'pong' ? data : linkFromEdge.parse(JSON.parse(String(data))));
  });
  webSocket.accept();
  return { webSocket, messages, closed };
}

const nodes = async () =>
  ((await (await asAdmin('GET', '/v1/routing/status')).json()) as { nodes: object[] }).nodes;
const number = () => ({ numbers: [`+${Math.floor(Math.random() * 1e12)}`] });

describe('the link of a node', () => {
  it('tells the revision at once, and each new one within a second', async () => {
    const first = await putRouting({ trunks: [number()] });
    const { messages, webSocket } = await link();
    await expect.poll(() => messages).toEqual([{ type: 'revision', revision: first.revision }]);
    const { revision } = await putRouting({ trunks: [number()] });
    await expect
      .poll(() => messages.at(-1), { timeout: 1_000, interval: 10 })
      .toEqual({ type: 'revision', revision });
    webSocket.close(1000);
  });

  it('shows in the status what the node has seen, until it goes', async () => {
    const { webSocket } = await link();
    webSocket.send(JSON.stringify({ type: 'seen', revision: 41 }));
    await expect.poll(nodes).toMatchObject([{ name: 'test-1', revision: 41 }]);
    webSocket.close(1000);
    await expect.poll(nodes).toEqual([]);
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

  it.each(['{"type":"seen"}', '{"type":"erase","revision":1}', 'x', 'x'.repeat(5_000)])(
    'is closed for %j',
    async (message) => {
      const { webSocket, closed } = await link();
      webSocket.send(message);
      expect((await closed).code).toBe(4_001);
    },
  );

  it('is for nodes, by WebSocket, in a protocol that the edge knows', async () => {
    expect((await connect({ ...handshake, authorization: 'Bearer x' })).status).toBe(401);
    expect((await connect({ ...handshake, 'sec-websocket-protocol': 'other' })).status).toBe(426);
    expect((await asNode('GET', '/v1/nodes/link')).status).toBe(426);
  });
});
