/**
 * A livekit-server for one run: the one that LIVEKIT_URL names, or a real one of our own on free loopback ports with a fresh key.
 */
import { randomBytes } from 'node:crypto';
import { freeTcpPort, freeUdpPort } from './free-port.ts';
import { findLivekitBinary } from './livekit-binary.ts';
import { LocalProcess, type ProcessEnd } from './local-process.ts';

export interface LivekitOptions {
  readonly say: (text: string) => void;
  /** Fixed port of API and signalling; 0 or absent: a free one. */
  readonly port?: number;
  /** With its own TURN over UDP. */
  readonly turn?: boolean;
  /** How long a room lives on after its last participant, s; LiveKit's own default is 20. */
  readonly departureTimeoutS?: number;
  /** Key to keep when a server is started again; a fresh one when absent. */
  readonly key?: { readonly apiKey: string; readonly apiSecret: string };
  /** `host:port` of a Redis, for LiveKit's own SIP service; absent: none is used. */
  readonly redisAddress?: string;
  readonly onLine?: (line: string) => void;
}

export interface LivekitServer {
  /** WebSocket URL, `ws://127.0.0.1:7880`. */
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  /** null: not ours. */
  readonly pid: number | null;
  /** Resolves when a server of ours ends; never for another's. */
  readonly ended: Promise<ProcessEnd>;
  kill(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const readyMs = 20_000;
/** A free port can be taken before the server binds it, and a fixed one by a connection of a passing client that looks for the server. */
const attempts = 3;

/** @throws Error when there is none and none can be built, or when it does not start. */
export async function startLivekitServer(options: LivekitOptions): Promise<LivekitServer> {
  const external = livekitOfEnvironment();
  if (external !== null) return external;
  const binary = await findLivekitBinary(options.say);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(binary, options);
    } catch (error) {
      if (attempt === attempts) throw error;
    }
  }
}

async function startOnce(binary: string, options: LivekitOptions): Promise<LivekitServer> {
  const port = options.port || (await freeTcpPort(host));
  const { apiKey, apiSecret } = options.key ?? {
    apiKey: `API${randomBytes(6).toString('hex')}`,
    apiSecret: randomBytes(32).toString('base64url'),
  };
  const config = {
    port,
    bind_addresses: [host],
    keys: { [apiKey]: apiSecret },
    rtc: {
      udp_port: await freeUdpPort(host),
      tcp_port: await freeTcpPort(host),
      node_ip: host,
      use_external_ip: false,
      enable_loopback_candidate: true,
      // Else it listens at every interface, and answers what comes to the loopback address from whichever it happens to take.
      interfaces: { includes: ['lo'] },
    },
    room: { departure_timeout: options.departureTimeoutS ?? 20 },
    ...(options.turn === true ? { turn: await turnOnLoopback() } : {}),
    logging: { level: 'warn', json: true },
    ...(options.redisAddress === undefined ? {} : { redis: { address: options.redisAddress } }),
  };
  const server = await LocalProcess.start({
    name: 'livekit-server',
    command: binary,
    // JSON is YAML; in the environment it is not seen in the list of processes.
    args: [],
    environment: { LIVEKIT_CONFIG: JSON.stringify(config), PATH: process.env['PATH'] ?? '' },
    ...(options.onLine === undefined ? {} : { onLine: options.onLine }),
  });
  try {
    await server.waitUntil(() => answers(`http://${host}:${port}/`), readyMs);
    // In the first 100 ms after it listens livekit-server takes signals and forgets them; nothing tells when that is over.
    await new Promise((settle) => setTimeout(settle, 150));
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    url: `ws://${host}:${port}`,
    apiKey,
    apiSecret,
    pid: server.pid,
    ended: server.ended,
    kill: (signal) => server.kill(signal),
    stop: async () => {
      // The first SIGTERM waits for participants to leave; the second does not.
      server.kill('SIGTERM');
      await new Promise((settle) => setTimeout(settle, 50));
      await server.stop();
    },
  };
}

/** A relay does not let its users at private addresses unless it is told that they are meant. */
async function turnOnLoopback(): Promise<Record<string, unknown>> {
  return {
    enabled: true,
    udp_port: await freeUdpPort(host),
    domain: host,
    allow_restricted_peer_cidrs: ['127.0.0.0/8'],
  };
}

/** The server that the environment names; null: none. @throws Error when it names only a part. */
function livekitOfEnvironment(): LivekitServer | null {
  const url = process.env['LIVEKIT_URL'] ?? '';
  if (url === '') return null;
  const apiKey = process.env['LIVEKIT_API_KEY'] ?? '';
  const apiSecret = process.env['LIVEKIT_API_SECRET'] ?? '';
  const missing = [
    ...(apiKey === '' ? ['LIVEKIT_API_KEY'] : []),
    ...(apiSecret === '' ? ['LIVEKIT_API_SECRET'] : []),
  ];
  if (missing.length > 0)
    throw new Error(`LIVEKIT_URL is set, but ${missing.join(' and ')} not; expected all three`);
  if (!/^(wss?|https?):\/\//.test(url) || !URL.canParse(url))
    throw new Error(
      `LIVEKIT_URL is ${JSON.stringify(url)}; expected a URL that starts with ws://, wss://, http:// or https://`,
    );
  return {
    url,
    apiKey,
    apiSecret,
    pid: null,
    ended: new Promise(() => {}),
    kill: () => {},
    stop: async () => {},
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    return response.ok;
  } catch {
    // Not listening yet; asked again in a moment.
    return false;
  }
}
