/**
 * The whole of Callgate on one machine: livekit-server, the edge, one media node, in this order, each a real program on loopback.
 * `stop` ends them in reverse by their own process ids and removes the scratch folder; a start that fails half-way does the same.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Edge, makeEdgeSecrets, startEdge } from './edge.ts';
import { type LivekitOptions, type LivekitServer, startLivekitServer } from './livekit-server.ts';
import { type LocalMediaNode, startMediaNode } from './media-node.ts';
import { buildWorker } from './worker-bundle.ts';

export type StackPart = 'livekit' | 'edge' | 'node';

export interface StackOptions {
  readonly say?: (text: string) => void;
  /** Fixed ports; 0 or absent: free ones. */
  readonly edgePort?: number;
  readonly livekitPort?: number;
  readonly sipPort?: number;
  readonly rtpPorts?: { readonly from: number; readonly to: number };
  /** Address of SIP and RTP; 127.0.0.1 when absent. */
  readonly address?: string;
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
  /** Makes another entry of the Worker's bundle, for drills that stand between it and its bindings. @returns the entry's path */
  readonly wrapBundle?: (bundle: string) => Promise<string>;
  /** Variables of the Worker to override. */
  readonly edgeVariables?: Readonly<Record<string, string>>;
  /** Variables of the media node to override. */
  readonly nodeEnvironment?: Readonly<Record<string, string>>;
  /** A LiveKit that is not there, for the test of that; absent: a real one. */
  readonly livekitUrl?: string;
  /** How long an empty room lives on, s. */
  readonly departureTimeoutS?: number;
  /** Nodes that the edge knows beside the one that is started. */
  readonly furtherNodes?: readonly string[];
  /** Every line that a part writes. */
  readonly onLine?: (part: StackPart, line: string) => void;
  /** Aborted: what is started is stopped again, and the start fails. */
  readonly signal?: AbortSignal;
}

export interface Stack {
  readonly livekit: LivekitServer;
  readonly edge: Edge;
  readonly node: LocalMediaNode;
  /** Scratch folder: storage of the edge, spool of the node. */
  readonly folder: string;
  /** Starts the edge again at the same address on what it had stored. Call when it has ended. */
  restartEdge(): Promise<Edge>;
  /** Starts livekit-server again at the same address with the same key; its rooms are gone. Call when it has ended. */
  restartLivekit(): Promise<LivekitServer>;
  /** Starts the media node again at the same SIP address with the same spool. Call when it has ended. */
  restartNode(): Promise<LocalMediaNode>;
  /** Stops everything and removes the scratch folder. Idempotent. */
  stop(): Promise<void>;
}

const nodeName = 'local';
/** Outside the kernel's range of ephemeral ports, so that no passing socket sits on one. */
const defaultRtpPorts = { from: 20_000, to: 21_999 };

/** @throws Error that says which part did not start, and why. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), 'callgate-'));
  const secrets = makeEdgeSecrets([nodeName, ...(options.furtherNodes ?? [])]);
  const line = (part: StackPart) => (text: string) => options.onLine?.(part, text);
  const running: { livekit?: LivekitServer; edge?: Edge; node?: LocalMediaNode } = {};

  const stop = async () => {
    await running.node?.stop();
    await running.edge?.stop();
    await running.livekit?.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const startTheLivekit = async (again: Pick<LivekitOptions, 'port' | 'key'>) => {
    running.livekit = await startLivekitServer({
      say: options.say ?? (() => {}),
      onLine: line('livekit'),
      ...again,
      ...(options.departureTimeoutS === undefined
        ? {}
        : { departureTimeoutS: options.departureTimeoutS }),
    });
    return running.livekit;
  };
  const startTheEdge = async (livekit: LivekitServer, bundle: string, port: number) => {
    running.edge = await startEdge({
      bundle,
      stateFolder: folder,
      livekit: { ...livekit, url: options.livekitUrl ?? livekit.url },
      port,
      secrets,
      onLine: line('edge'),
      ...(options.edgeVariables === undefined ? {} : { variables: options.edgeVariables }),
    });
    return running.edge;
  };
  const startTheNode = async (edge: Edge, sipPort: number) => {
    running.node = await startMediaNode({
      name: nodeName,
      edgeUrl: edge.url,
      token: secrets.nodeTokens[nodeName] ?? '',
      sipPort,
      rtpPorts: options.rtpPorts ?? defaultRtpPorts,
      spoolFolder: join(folder, 'spool'),
      onLine: line('node'),
      ...(options.address === undefined ? {} : { address: options.address }),
      ...(options.logLevel === undefined ? {} : { logLevel: options.logLevel }),
      ...(options.nodeEnvironment === undefined ? {} : { environment: options.nodeEnvironment }),
    });
    return running.node;
  };

  try {
    // The bundle builds while livekit-server starts.
    const bundling = buildWorker(join(folder, 'bundle'));
    bundling.catch(() => {}); // Awaited below; livekit-server may fail before.
    const livekit = await startTheLivekit({
      ...(options.livekitPort === undefined ? {} : { port: options.livekitPort }),
    });
    options.signal?.throwIfAborted();
    const built = await bundling;
    const bundle = (await options.wrapBundle?.(built)) ?? built;
    const edge = await startTheEdge(livekit, bundle, options.edgePort ?? 0);
    options.signal?.throwIfAborted();
    const node = await startTheNode(edge, options.sipPort ?? 0);
    options.signal?.throwIfAborted();
    const sipPort = Number(node.sip.slice(node.sip.lastIndexOf(':') + 1));
    let stopped: Promise<void> | null = null;
    return {
      get livekit() {
        return running.livekit ?? livekit;
      },
      get edge() {
        return running.edge ?? edge;
      },
      get node() {
        return running.node ?? node;
      },
      folder,
      restartLivekit: () =>
        startTheLivekit({ port: Number(new URL(livekit.url).port), key: livekit }),
      restartEdge: () => startTheEdge(livekit, bundle, edge.port),
      restartNode: () => startTheNode(running.edge ?? edge, sipPort),
      stop: () => {
        stopped ??= stop();
        return stopped;
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
