/** livekit/sip as the yardstick: its program by path, with a livekit-server and a Redis of its own, all on loopback. */
import { startPeer } from '../../drills/peer-subject.ts';
import type { Bridge } from './measurement.ts';

/** @throws Error with the last lines of the part that does not come up */
export async function startPeerBridge(program: string): Promise<Bridge> {
  const peer = await startPeer(program, 0);
  const { pid } = peer.bridge;
  if (pid === null) throw new Error('livekit/sip has no process id');
  return {
    name: 'livekit/sip',
    sip: peer.sip,
    livekit: peer.livekit,
    apiUrl: peer.livekit.url.replace('ws:', 'http:'),
    pid,
    stop: () => peer.stop(),
  };
}
