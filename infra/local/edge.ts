/** The edge on this machine: the Worker in workerd, with secrets of this run and its state in a scratch folder. */
import { createHash, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { EdgeHostOptions } from './edge-host.ts';
import { LocalProcess, type ProcessEnd } from './local-process.ts';
import { runSecrets } from './secret-watch.ts';

export interface EdgeOptions {
  /** The Worker's module, from worker-bundle.ts. */
  readonly bundle: string;
  readonly stateFolder: string;
  readonly livekit: { readonly url: string; readonly apiKey: string; readonly apiSecret: string };
  /** 0 or absent: a free one. */
  readonly port?: number;
  /** Secrets to keep when an edge is started again on the same state. */
  readonly secrets?: EdgeSecrets;
  /** Variables of wrangler.toml to override, such as STRANGERS. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
  /** Open V8's inspector, to look into the isolate. */
  readonly isInspected?: boolean;
}

/** Fresh for every run; nobody types them. */
export interface EdgeSecrets {
  /** Node name -> its token in clear; the Worker gets only hashes. */
  readonly nodeTokens: Readonly<Record<string, string>>;
  readonly sealingKey: string;
  readonly nonceSecret: string;
}

export interface Edge {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** `ws://…` of V8's inspector; null: it was not asked for. */
  readonly inspectorUrl: string | null;
  readonly secrets: EdgeSecrets;
  readonly ended: Promise<ProcessEnd>;
  kill(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const readyMs = 60_000;

export function makeEdgeSecrets(nodeNames: readonly string[]): EdgeSecrets {
  return {
    nodeTokens: Object.fromEntries(
      nodeNames.map((name) => [name, randomBytes(32).toString('base64url')]),
    ),
    sealingKey: randomBytes(32).toString('base64'),
    nonceSecret: randomBytes(32).toString('base64url'),
  };
}

/** @throws Error with the last lines of workerd when it does not come up. */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const secrets = options.secrets ?? makeEdgeSecrets(['local']);
  const hostOptions: EdgeHostOptions = {
    bundle: options.bundle,
    host,
    port: options.port ?? 0,
    stateFolder: options.stateFolder,
    isInspected: options.isInspected ?? false,
    variables: { ...variablesOf(options, secrets), ...options.variables },
  };
  keepSecrets(hostOptions.variables, secrets);
  let url: string | null = null;
  let inspectorUrl: string | null = null;
  const edge = await LocalProcess.start({
    name: 'edge',
    isOurs: true,
    command: process.execPath,
    args: [fileURLToPath(new URL('./edge-host.ts', import.meta.url))],
    environment: {
      PATH: process.env['PATH'] ?? '',
      HOME: options.stateFolder,
      // workerd's own scratch files go when the state goes, even after a kill.
      TMPDIR: options.stateFolder,
      WRANGLER_SEND_METRICS: 'false',
      CALLGATE_EDGE_HOST: JSON.stringify(hostOptions),
    },
    onLine: (line) => {
      if (url === null && line.startsWith('{"edge":')) {
        const told = JSON.parse(line) as { edge: string; inspector: string | null };
        url = told.edge;
        inspectorUrl = told.inspector;
        return;
      }
      options.onLine?.(line);
    },
  });
  try {
    await edge.waitUntil(async () => url !== null, readyMs);
  } catch (error) {
    await edge.stop();
    throw error;
  }
  const origin = url ?? '';
  return {
    url: origin,
    port: Number(new URL(origin).port),
    pid: edge.pid,
    inspectorUrl,
    secrets,
    ended: edge.ended,
    kill: (signal) => edge.kill(signal),
    stop: async () => {
      await edge.stop();
    },
  };
}

/** Nothing of these may stand in a log. */
function keepSecrets(variables: EdgeHostOptions['variables'], secrets: EdgeSecrets): void {
  for (const [name, value] of Object.entries(variables)) {
    if (/SECRET|_KEY$/.test(name) && name !== 'LIVEKIT_API_KEY')
      for (const secret of value.split(/\s+/)) runSecrets.keep(name, secret);
  }
  for (const [name, token] of Object.entries(secrets.nodeTokens))
    runSecrets.keep(`token of ${name}`, token);
}

function variablesOf(options: EdgeOptions, secrets: EdgeSecrets): Record<string, string> {
  const hashes = Object.entries(secrets.nodeTokens).map(([name, token]) => [
    name,
    createHash('sha256').update(token).digest('hex'),
  ]);
  return {
    LIVEKIT_URL: options.livekit.url,
    LIVEKIT_API_KEY: options.livekit.apiKey,
    LIVEKIT_API_SECRET: options.livekit.apiSecret,
    NODE_TOKENS: JSON.stringify(Object.fromEntries(hashes)),
    SEALING_KEY: secrets.sealingKey,
    NONCE_SECRET: secrets.nonceSecret,
    // What one calls a stack on one's own machine with first, sipp and baresip of Debian, gives up at any other challenge.
    DIGEST_ALGORITHMS: 'MD5',
  };
}
