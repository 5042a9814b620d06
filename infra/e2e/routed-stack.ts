/** The whole stack with a trunk and rules in it, as the end-to-end tests want it; made with the unmodified livekit-server-sdk. */
import { RoomServiceClient, SipClient } from 'livekit-server-sdk';
import { type Stack, type StackOptions, startStack } from '../local/stack.ts';

/** Credentials of the trunk. */
export const caller = { user: 'alice', password: 'wonderland' } as const;
/** Numbers of the trunk; their callers enter the room `desk_<number>`. */
export const numbers = makeNumbers(20);
export const unknownNumber = '+15559999';

/** So many called numbers, the same ones first however many are wanted. */
export function makeNumbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `+155502${String(index).padStart(2, '0')}`);
}

export interface RoutedStackOptions extends StackOptions {
  /** Numbers of the trunk; those above when absent. */
  readonly numbers?: readonly string[];
}

export interface RoutedStack extends Stack {
  readonly rooms: RoomServiceClient;
  readonly sip: SipClient;
  /** Every line the parts wrote, in order. */
  readonly lines: string[];
  /** Log lines of the node with that event, parsed. */
  nodeEvents(event: string): Record<string, unknown>[];
  /** /stats of the node. */
  nodeStats(): Promise<NodeStats>;
}

export interface NodeStats {
  readonly calls: number;
  readonly records_pending: number;
  /** Requests turned away, by the bound that was reached. */
  readonly not_admitted: Readonly<Record<string, number>>;
  readonly sip: {
    readonly transactions: number;
    readonly dialogs: number;
    readonly refusedByGate: number;
  };
  readonly memory: { readonly rss: number };
  readonly media: { readonly sessions: number; readonly rtpPortsBound: number };
  /** Sockets and timers by kind. */
  readonly resources: Readonly<Record<string, number>>;
}

export function deskRoom(number: string): string {
  return `desk_${number}`;
}

/** Starts everything and routes the numbers above. Ringing ends after 8 s, so that a test of it need not wait minutes. */
export async function startRoutedStack(options: RoutedStackOptions = {}): Promise<RoutedStack> {
  const lines: string[] = [];
  const stack = await startStack({
    ...options,
    onLine: (part, line) => {
      lines.push(line);
      options.onLine?.(part, line);
    },
  });
  try {
    const { apiKey, apiSecret, url } = stack.livekit;
    const sip = new SipClient(stack.edge.url, apiKey, apiSecret);
    await routeNumbers(sip, options.numbers ?? numbers);
    await eventually('the node takes calls', async () => {
      return (await fetch(`${stack.node.healthUrl}/ready`)).ok;
    });
    return Object.assign(stack, {
      rooms: new RoomServiceClient(url.replace(/^ws/, 'http'), apiKey, apiSecret),
      sip,
      lines,
      nodeEvents: (event: string) =>
        lines
          .filter((line) => line.includes(`"event":"${event}"`))
          .map((line) => JSON.parse(line) as Record<string, unknown>),
      nodeStats: async () => {
        const response = await fetch(`${stack.node.healthUrl}/stats`);
        return (await response.json()) as NodeStats;
      },
    });
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** A trunk with credentials for the numbers and a rule that gives each a room of its own. */
export async function routeNumbers(sip: SipClient, called: readonly string[]): Promise<void> {
  const trunk = await sip.createSipInboundTrunk('phones', [...called], {
    authUsername: caller.user,
    authPassword: caller.password,
    ringingTimeout: 8,
  });
  await sip.createSipDispatchRule(
    { type: 'callee', roomPrefix: 'desk', pin: '', randomize: false },
    { name: 'desk', trunkIds: [trunk.sipTrunkId] },
  );
}

/** Ten times what anything here takes on a machine that has nothing else to do, ms. */
const patienceMs = 20_000;

/** Waits until `check` holds. @throws Error with `what` after `withinMs`. */
export async function eventually(
  what: string,
  check: () => boolean | Promise<boolean>,
  withinMs = patienceMs,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until a call has ended for that reason. (Refusals have a line of their own, but of one source one a second.) @returns the newest such line */
export async function endedFor(
  stack: Pick<RoutedStack, 'nodeEvents'>,
  reason: string,
): Promise<Record<string, unknown>> {
  const lines = () => stack.nodeEvents('call-ended').filter((line) => line['reason'] === reason);
  await eventually(`a call has ended for ${reason}`, () => lines().length > 0);
  return lines().at(-1) ?? {};
}

/** True when the node holds nothing of any call. */
export async function isNodeIdle(stack: RoutedStack): Promise<boolean> {
  const stats = await stack.nodeStats();
  return stats.calls === 0 && stats.media.sessions === 0 && stats.sip.dialogs === 0;
}
