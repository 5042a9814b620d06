import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NodeCommand } from '@callgate/shared/contract/command.ts';
import {
  linkProtocol,
  linkProtocols,
  linkTaken,
  nodeStatusExample,
  oldLinkProtocol,
} from '@callgate/shared/contract/link.ts';
import { processExample, processHeader } from '@callgate/shared/contract/process.ts';
import { linkLimits } from '@callgate/shared/limits.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { FakeClock } from '../clock.fake.ts';
import { EdgeLink } from './edge-link.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A real WebSocket server that keeps what nodes send, and a link to it. */
async function linkedPair(
  token = 'node-token',
  protocol: string = linkProtocol,
  obeyed: Promise<void> = Promise.resolve(),
) {
  const sockets: WebSocket[] = [];
  const received: string[] = [];
  const requests: IncomingMessage[] = [];
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    handleProtocols: () => protocol,
    verifyClient: ({ req }: { req: IncomingMessage }) =>
      req.headers.authorization === 'Bearer node-token',
  });
  server.on('connection', (socket, request) => {
    sockets.push(socket);
    requests.push(request);
    socket.on('message', (data) => received.push(String(data)));
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const clock = new FakeClock();
  const revisions: number[] = [];
  const commands: NodeCommand[] = [];
  const status = { ...nodeStatusExample };
  const lines: unknown[] = [];
  const link = new EdgeLink({
    url: new URL(`http://127.0.0.1:${port}/edge`),
    nodeToken: () => token,
    process: processExample,
    clock,
    log: (...line) => lines.push(line),
    onRevision: (revision) => revisions.push(revision),
    onCommand: async (command) => {
      commands.push(command);
      await obeyed;
      return { kind: 'done' };
    },
    status: () => status,
    random: () => 1,
  });
  closers.push(
    () => void link.close(),
    () => server.close(),
  );
  link.start();
  return { link, sockets, received, requests, clock, revisions, commands, status, lines };
}

const tell = (socket: WebSocket | undefined, revision: number) =>
  socket?.send(JSON.stringify({ type: 'revision', revision }));

describe('link to the edge', () => {
  it('goes to /v1/nodes/link with the node token and the protocol', async () => {
    const { requests } = await linkedPair();
    await vi.waitFor(() => expect(requests.length).toBe(1));
    expect(requests[0]?.url).toBe('/edge/v1/nodes/link');
    expect(requests[0]?.headers['sec-websocket-protocol']).toBe(linkProtocols.join(','));
    expect(requests[0]?.headers[processHeader]).toBe(processExample);
  });

  it('hands each revision on and says that it has seen it', async () => {
    const { sockets, received, revisions, link } = await linkedPair();
    await vi.waitFor(() => expect(sockets.length).toBe(1));
    tell(sockets[0], 7);
    tell(sockets[0], 8);
    await vi.waitFor(() => expect(revisions).toEqual([7, 8]));
    await vi.waitFor(() =>
      expect(received.filter((text) => text.includes('seen'))).toEqual([
        '{"type":"seen","revision":7}',
        '{"type":"seen","revision":8}',
      ]),
    );
    expect(link.isLinked).toBe(true);
  });

  it('ignores what is no message of the contract', async () => {
    const { sockets, revisions, link } = await linkedPair();
    await vi.waitFor(() => expect(sockets.length).toBe(1));
    for (const text of ['x', '{"type":"dance"}', '{"type":"revision","revision":-1}'])
      sockets[0]?.send(text);
    tell(sockets[0], 9);
    await vi.waitFor(() => expect(revisions).toEqual([9]));
    expect(link.isLinked).toBe(true);
  });

  it('comes back when it breaks, and counts', async () => {
    const { sockets, clock, link } = await linkedPair();
    await vi.waitFor(() => expect(sockets.length).toBe(1));
    tell(sockets[0], 1);
    await vi.waitFor(() => expect(link.isLinked).toBe(true));
    expect(link.linkNumber).toBe(1);
    sockets[0]?.terminate();
    await vi.waitFor(() => expect(link.isLinked).toBe(false));
    expect(link.linkNumber).toBeNull();
    clock.advance(linkLimits.retryFirstMs);
    await vi.waitFor(() => expect(sockets.length).toBe(2));
    tell(sockets[1], 1);
    await vi.waitFor(() => expect(link.linkNumber).toBe(2));
  });

  it('says so when another process has linked as this node, and does not take it back at once', async () => {
    const { sockets, clock, link, lines } = await linkedPair();
    await vi.waitFor(() => expect(sockets.length).toBe(1));
    tell(sockets[0], 1);
    await vi.waitFor(() => expect(link.isLinked).toBe(true));
    sockets[0]?.close(linkTaken, 'another link of this node');
    await vi.waitFor(() => expect(link.isLinked).toBe(false));
    const why = `closed with ${linkTaken} another link of this node`;
    expect(lines.at(-1)).toEqual(['error', 'edge-link-taken', { why }]);
    clock.advance(linkLimits.retryMaxMs - 1);
    expect(sockets.length).toBe(1);
    expect(clock.pending).toBe(1);
    clock.advance(1);
    await vi.waitFor(() => expect(sockets.length).toBe(2));
  });

  it('waits longer after each refusal', async () => {
    const { clock, requests, status } = await linkedPair('wrong');
    status.calls = 0;
    for (const wait of [1, 2, 4]) {
      await vi.waitFor(() => expect(clock.pending).toBe(1));
      clock.advance(linkLimits.retryFirstMs * wait - 1);
      expect(clock.pending).toBe(1);
      clock.advance(1);
    }
    expect(requests).toEqual([]);
  });

  it('pings in silence, and gives a dead link up', async () => {
    const { sockets, clock, received, link } = await linkedPair();
    await vi.waitFor(() => expect(sockets.length).toBe(1));
    tell(sockets[0], 1);
    await vi.waitFor(() => expect(link.isLinked).toBe(true));
    clock.advance(linkLimits.pingMs);
    await vi.waitFor(() => expect(received).toContain('ping'));
    clock.advance(linkLimits.pongMs);
    await vi.waitFor(() => expect(link.isLinked).toBe(false));
  });

  it('lives on when the ping is answered', async () => {
    const { sockets, clock, received, link } = await linkedPair();
    await vi.waitFor(() => expect(sockets.length).toBe(1));
    tell(sockets[0], 1);
    await vi.waitFor(() => expect(link.isLinked).toBe(true));
    clock.advance(linkLimits.pingMs);
    await vi.waitFor(() => expect(received).toContain('ping'));
    sockets[0]?.send('pong');
    tell(sockets[0], 2);
    await vi.waitFor(() => expect(received).toContain('{"type":"seen","revision":2}'));
    clock.advance(linkLimits.pongMs);
    expect(link.isLinked).toBe(true);
  });

  it('leaves no timer behind', async () => {
    const { clock, link, sockets } = await linkedPair();
    await vi.waitFor(() => expect(sockets.length).toBe(1));
    tell(sockets[0], 1);
    await vi.waitFor(() => expect(link.isLinked).toBe(true));
    await link.close();
    expect(clock.pending).toBe(0);
  });

  it('does what it is told and says what came of it', async () => {
    const { sockets, received, commands } = await linkedPair();
    await vi.waitFor(() => expect(sockets.length).toBe(1));
    sockets[0]?.send('{"type":"command","id":"c1","command":{"do":"undrain"}}');
    await vi.waitFor(() =>
      expect(received).toContain('{"type":"result","id":"c1","result":{"kind":"done"}}'),
    );
    expect(commands).toEqual([{ do: 'undrain' }]);
  });

  it('says what came of a command over the link that there is then: the edge waits for it', async () => {
    const obeyed = Promise.withResolvers<void>();
    const { link, sockets, received, commands, clock } = await linkedPair(
      ...(['node-token', linkProtocol, obeyed.promise] as const),
    );
    await vi.waitFor(() => expect(sockets.length).toBe(1));
    tell(sockets[0], 1);
    sockets[0]?.send('{"type":"command","id":"c1","command":{"do":"undrain"}}');
    await vi.waitFor(() => expect(commands.length).toBe(1));
    sockets[0]?.terminate();
    await vi.waitFor(() => expect(link.isLinked).toBe(false));
    clock.advance(linkLimits.retryFirstMs);
    await vi.waitFor(() => expect(sockets.length).toBe(2));
    tell(sockets[1], 1);
    await vi.waitFor(() => expect(link.isLinked).toBe(true));
    obeyed.resolve();
    await vi.waitFor(() =>
      expect(received).toContain('{"type":"result","id":"c1","result":{"kind":"done"}}'),
    );
  });

  it('refuses a command of a newer edge instead of letting it wait', async () => {
    const { sockets, received, commands } = await linkedPair();
    await vi.waitFor(() => expect(sockets.length).toBe(1));
    sockets[0]?.send('{"type":"command","id":"c2","command":{"do":"dance"}}');
    await vi.waitFor(() => expect(received.join()).toContain('"why":"unknown-command"'));
    expect(commands).toEqual([]);
  });

  it('tells how the node is when the link is made, when that changes, and again and again', async () => {
    const { link, sockets, received, clock, status } = await linkedPair();
    const told = () =>
      received.filter((text) => text.includes('"status"')).map((text) => JSON.parse(text).status);
    await vi.waitFor(() => expect(sockets.length).toBe(1));
    tell(sockets[0], 1);
    await vi.waitFor(() => expect(told()).toEqual([nodeStatusExample]));
    status.state = 'draining';
    link.tellStatus();
    await vi.waitFor(() => expect(told().at(-1)).toMatchObject({ state: 'draining' }));
    for (let revision = 2; (revision - 2) * linkLimits.pingMs < linkLimits.statusMs; revision++) {
      clock.advance(linkLimits.pingMs);
      tell(sockets[0], revision);
      await vi.waitFor(() => expect(received).toContain(`{"type":"seen","revision":${revision}}`));
    }
    await vi.waitFor(() => expect(told().length).toBe(3));
  });

  it('tells an edge of the older protocol nothing but what it has seen', async () => {
    const { link, sockets, received } = await linkedPair('node-token', oldLinkProtocol);
    await vi.waitFor(() => expect(sockets.length).toBe(1));
    tell(sockets[0], 1);
    await vi.waitFor(() => expect(received).toEqual(['{"type":"seen","revision":1}']));
    link.tellStatus();
    tell(sockets[0], 2);
    await vi.waitFor(() => expect(received.length).toBe(2));
    expect(received.at(-1)).toBe('{"type":"seen","revision":2}');
  });

  it('is back within a second while calls are up, however long the edge was away: it may go again', async () => {
    const { clock, requests } = await linkedPair('wrong');
    for (let attempt = 0; attempt < 8; attempt++) {
      await vi.waitFor(() => expect(clock.pending).toBe(1));
      clock.advance(linkLimits.retryBusyMaxMs);
    }
    expect(requests).toEqual([]);
    expect(linkLimits.retryBusyMaxMs).toBeLessThanOrEqual(1_000);
  });

  it('says goodbye when the node ends', async () => {
    const { link, sockets } = await linkedPair();
    await vi.waitFor(() => expect(sockets.length).toBe(1));
    tell(sockets[0], 1);
    await vi.waitFor(() => expect(link.isLinked).toBe(true));
    const code = new Promise((resolve) => sockets[0]?.once('close', resolve));
    await link.close();
    expect(await code).toBe(1_000);
  });
});
