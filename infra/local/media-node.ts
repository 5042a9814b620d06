/** A media node on this machine: the real process with the configuration of this run. */
import { LocalProcess, type ProcessEnd } from './local-process.ts';
import { nodeProgram } from './node-program.ts';

export interface MediaNodeOptions {
  readonly name: string;
  readonly edgeUrl: string;
  readonly token: string;
  /** Address of SIP and RTP; 127.0.0.1 when absent. */
  readonly address?: string;
  /** 0 or absent: a free one. */
  readonly sipPort?: number;
  readonly rtpPorts: { readonly from: number; readonly to: number };
  readonly spoolFolder: string;
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
  /** More variables, which win. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
}

export interface LocalMediaNode {
  readonly pid: number;
  /** `127.0.0.1:port` */
  readonly sip: string;
  /** `http://127.0.0.1:port`: /health and /stats. */
  readonly healthUrl: string;
  readonly ended: Promise<ProcessEnd>;
  kill(signal: NodeJS.Signals): void;
  stop(): Promise<ProcessEnd>;
}

const readyMs = 20_000;

/** @throws Error with what the node said when it refuses to start. */
export async function startMediaNode(options: MediaNodeOptions): Promise<LocalMediaNode> {
  const address = options.address ?? '127.0.0.1';
  let ready: { readonly sip: string; readonly health: string } | null = null;
  const { main, environment } = await nodeProgram();
  const node = await LocalProcess.start({
    name: 'media node',
    isOurs: true,
    command: process.execPath,
    args: [main],
    environment: {
      ...environment,
      CALLGATE_NODE_NAME: options.name,
      CALLGATE_EDGE_URL: options.edgeUrl,
      CALLGATE_NODE_TOKEN: options.token,
      CALLGATE_SIP_LISTEN: `${bracketed(address)}:${options.sipPort ?? 0}`,
      CALLGATE_MEDIA_ADDRESS: address,
      CALLGATE_RTP_PORTS: `${options.rtpPorts.from}-${options.rtpPorts.to}`,
      CALLGATE_SPOOL_DIR: options.spoolFolder,
      CALLGATE_HEALTH_LISTEN: '127.0.0.1:0',
      CALLGATE_LOG_LEVEL: options.logLevel ?? 'info',
      // A stack that is stopped ends its calls at once.
      CALLGATE_DRAIN_SECONDS: '0',
      ...chosenRoomClient(),
      ...options.environment,
    },
    onLine: (line) => {
      ready ??= readyLine(line);
      options.onLine?.(line);
    },
  });
  try {
    await node.waitUntil(async () => ready !== null, readyMs);
  } catch (error) {
    await node.stop();
    throw error;
  }
  const { sip, health } = ready ?? { sip: '', health: '' };
  return {
    pid: node.pid,
    sip,
    healthUrl: `http://${health}`,
    ended: node.ended,
    kill: (signal) => node.kill(signal),
    stop: () => node.stop(),
  };
}

/** The one variable that passes through from whoever runs us: `ROOM_CLIENT=rtc-node npm run demo`. */
function chosenRoomClient(): Record<string, string> {
  const names = ['ROOM_CLIENT', 'CALLGATE_ROOM_CLIENT'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** The addresses in the node's line `ready`; null: another line. */
function readyLine(line: string): { sip: string; health: string } | null {
  if (!line.includes('"event":"ready"')) return null;
  const { sip, health } = JSON.parse(line) as { sip: string; health: string };
  return { sip, health };
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
