/** The link of a node, as nodes make it. */
import { exports } from 'cloudflare:workers';
import { type LinkFromEdge, linkFromEdge, linkProtocol } from '@callgate/shared/contract/link.ts';
import { processHeader } from '@callgate/shared/contract/process.ts';
import { testNodeToken } from './bindings.ts';

export const handshake = {
  upgrade: 'websocket',
  'sec-websocket-protocol': linkProtocol,
  authorization: `Bearer ${testNodeToken}`,
};
export const connect = (headers: Record<string, string> = handshake) =>
  exports.default.fetch('https://edge.test/v1/nodes/link', { headers });

/** Links as a node does and collects what comes. */
export async function link(headers: Record<string, string> = handshake) {
  const { webSocket } = await connect(headers);
  if (webSocket === null) throw new Error('no WebSocket');
  const messages: (LinkFromEdge | 'pong')[] = [];
  const closed = new Promise<CloseEvent>((resolve) => webSocket.addEventListener('close', resolve));
  webSocket.addEventListener('message', ({ data }) => {
    messages.push(data === 'pong' ? data : linkFromEdge.parse(JSON.parse(String(data))));
  });
  webSocket.accept();
  return { webSocket, messages, closed };
}

/** The link of a process that lives: it answers each revision as nodes do. */
export async function livingLink(process: string) {
  const linked = await link({ ...handshake, [processHeader]: process });
  linked.webSocket.addEventListener('message', ({ data }) => {
    if (data === 'pong') return;
    const message = linkFromEdge.parse(JSON.parse(String(data)));
    if (message.type !== 'revision' || linked.webSocket.readyState !== WebSocket.OPEN) return;
    linked.webSocket.send(JSON.stringify({ type: 'seen', revision: message.revision }));
  });
  return linked;
}
