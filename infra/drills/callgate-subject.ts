/** Callgate as the subject of a drill: the whole stack on this machine, with what only Callgate has: an edge, and records to count. */
import {
  makeNumbers,
  type RoutedStack,
  type RoutedStackOptions,
  startRoutedStack,
} from '../e2e/routed-stack.ts';
import type { Subject } from './subject.ts';

export interface CallgateSubject extends Subject {
  readonly stack: RoutedStack;
}

/** Spare numbers beyond those of the calls, for the calls that are tried during the fault. */
const spareNumbers = 50;

export async function startCallgate(
  calls: number,
  options: RoutedStackOptions = {},
): Promise<CallgateSubject> {
  const numbers = makeNumbers(calls + spareNumbers);
  const stack = await startRoutedStack({ ...options, numbers });
  return {
    stack,
    numbers,
    roomAddress: options.nodeEnvironment?.['CALLGATE_ROOM_ADDRESS'] ?? '127.0.0.1',
    livekit: stack.livekit,
    sip: stack.node.sip,
    get bridge() {
      return stack.node;
    },
    get room() {
      return stack.livekit;
    },
    restartBridge: async () => {
      await stack.restartNode();
    },
    restartRoom: async () => {
      await stack.restartLivekit();
    },
    stop: () => stack.stop(),
  };
}
