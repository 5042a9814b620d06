/** Callgate as a bridge under test: the whole stack, with the way audio goes to the room as this run wants it. */
import { startStack } from '../../local/stack.ts';
import type { Bridge } from './measurement.ts';

export type RoomAudio = 'opus' | 'pass-through';

/** Lines that say nothing: it is ready, and who looks at its heap comes and goes. */
const usual = /"event":"ready"|^Debugger |^For help, see/;

/** @throws Error when a part does not start */
export async function startCallgate(
  roomAudio: RoomAudio,
  rtpPorts: { readonly from: number; readonly to: number },
  say: (text: string) => void,
  nodeEnvironment: Readonly<Record<string, string>> = {},
): Promise<Bridge & { readonly healthUrl: string }> {
  const stack = await startStack({
    say,
    rtpPorts,
    logLevel: 'warn',
    // A run whose node complains says something else than one whose node does not.
    onLine: (part, line) => {
      if (part === 'node' && !usual.test(line)) say(line);
    },
    nodeEnvironment: { CALLGATE_ROOM_AUDIO: roomAudio, ...nodeEnvironment },
  });
  const { livekit, edge, node } = stack;
  return {
    name: `Callgate, ${roomAudio === 'opus' ? 'Opus' : 'passed through'}`,
    sip: node.sip,
    livekit,
    apiUrl: edge.url,
    pid: node.pid,
    healthUrl: node.healthUrl,
    stop: () => stack.stop(),
  };
}
