/** One edge under measurement: workerd with the Worker and a table of so many numbers, and what a node, an operator and the kernel see of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linkProtocol } from '@callgate/shared/contract/link.ts';
import { offerExample } from '@callgate/shared/contract/offer.ts';
import { AccessToken } from 'livekit-server-sdk';
import { WebSocket } from 'ws';
import { type Edge, startEdge } from '../local/edge.ts';
import { isolateHeapMb } from './isolate-heap.ts';
import { cpuMs, family, nameOf } from './process-cost.ts';

const apiKey = 'APIbench';
const apiSecret = 'the-secret-of-the-bench-is-long-enough-for-it';
const nodeName = 'local';
/** Numbers of one trunk, and trunks of one request while the table is filled: below the 10 MB of a request. */
const numbersPerTrunk = 100;
const trunksPerRequest = 4_000;

export interface Decided {
  readonly ms: number;
  readonly kvReads: number;
}

/** One number more: to the answer, to the linked node, until it is published. */
export interface Changed {
  readonly answeredMs: number;
  readonly toNodeMs: number;
  readonly publishedMs: number;
  readonly shardsWritten: number;
  readonly shards: number;
}

type Line = Readonly<Record<string, unknown>>;

export class EdgeSubject {
  readonly numbers: number;
  readonly #edge: Edge;
  readonly #folder: string;
  /** Waits for a line of the edge's log. */
  readonly #waiting: Set<(line: Line) => void>;
  #calls = 0;

  private constructor(
    numbers: number,
    edge: Edge,
    folder: string,
    waiting: Set<(line: Line) => void>,
  ) {
    this.numbers = numbers;
    this.#edge = edge;
    this.#folder = folder;
    this.#waiting = waiting;
  }

  /** Fills a table, then starts the edge again on it: what is measured has done nothing else. */
  static async start(
    bundle: string,
    numbers: number,
    say: (text: string) => void,
  ): Promise<EdgeSubject> {
    const folder = await mkdtemp(join(tmpdir(), 'callgate-edge-bench-'));
    const waiting = new Set<(line: Line) => void>();
    const options = {
      bundle,
      stateFolder: join(folder, 'state'),
      livekit: { url: 'ws://127.0.0.1:9', apiKey, apiSecret },
      isInspected: true,
      onLine: (text: string) => {
        if (!text.startsWith('{')) return;
        const line = JSON.parse(text) as Line;
        for (const wanted of waiting) wanted(line);
      },
    };
    const filling = await startEdge(options);
    const { secrets } = filling;
    try {
      await fill(new EdgeSubject(numbers, filling, folder, waiting), say);
    } finally {
      await filling.stop();
    }
    return new EdgeSubject(numbers, await startEdge({ ...options, secrets }), folder, waiting);
  }

  async stop(): Promise<void> {
    await this.#edge.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** The number at a share (0 to 1) of all numbers. */
  numberAt(share: number): string {
    return numberText(Math.min(this.numbers - 1, Math.floor(share * this.numbers)));
  }

  async decide(number: string): Promise<Decided> {
    this.#calls += 1;
    const callId = `SCL_${callIdText(this.#calls)}`;
    const line = this.#line((one) => one['call_id'] === callId && one['event'] === 'call-decided');
    const startMs = performance.now();
    const response = await fetch(`${this.#edge.url}/v1/offers`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.#edge.secrets.nodeTokens[nodeName] ?? ''}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({
        ...offerExample,
        call_id: callId,
        min_revision: 0,
        to: { user: number, host: 'x' },
      }),
    });
    const decision = (await response.json()) as { kind: string };
    const ms = performance.now() - startMs;
    if (decision.kind !== 'join') throw new Error(`${number}: ${JSON.stringify(decision)}`);
    return { ms, kvReads: Number((await line)['kv_reads']) };
  }

  /** Gives one trunk one number more, as an application would, and watches from a linked node. */
  async addNumber(number: string): Promise<Changed> {
    const token = this.#edge.secrets.nodeTokens[nodeName] ?? '';
    const link = new WebSocket(
      `${this.#edge.url.replace('http', 'ws')}/v1/nodes/link`,
      linkProtocol,
      { headers: { authorization: `Bearer ${token}` } },
    );
    const revisions: (() => void)[] = [];
    const nextRevision = () => new Promise<void>((settle) => revisions.push(settle));
    link.on('message', (data) => {
      if (String(data).includes('"revision"')) revisions.shift()?.();
    });
    // The first message tells the revision as it is.
    await nextRevision();
    const told = nextRevision().then(() => performance.now());
    const published = this.#line((line) => line['event'] === 'routing-published');
    const startMs = performance.now();
    await this.operate('POST', '/twirp/livekit.SIP/UpdateSIPInboundTrunk', {
      sip_trunk_id: 'ST_0',
      update: { numbers: { add: [number] } },
    });
    const answeredMs = performance.now() - startMs;
    const toNodeMs = (await told) - startMs;
    const line = await published;
    const publishedMs = performance.now() - startMs;
    link.close();
    const { shards_written: shardsWritten, shards } = line;
    return {
      answeredMs,
      toNodeMs,
      publishedMs,
      shardsWritten: Number(shardsWritten),
      shards: Number(shards),
    };
  }

  /** Processor time of workerd so far, ms. */
  cpuMs(): number {
    return cpuMs(this.#workerd());
  }

  heapMb(): Promise<number> {
    return isolateHeapMb(this.#edge.inspectorUrl ?? '', () => this.decide(this.numberAt(0)));
  }

  #workerd(): number {
    const pid = family(this.#edge.pid).find((one) => nameOf(one) === 'workerd');
    if (pid === undefined) throw new Error('workerd is not among the processes of the edge');
    return pid;
  }

  async operate(method: string, path: string, body?: object): Promise<Line> {
    const token = new AccessToken(apiKey, apiSecret, { identity: 'bench', ttl: '6h' });
    token.addSIPGrant({ admin: true });
    const response = await fetch(`${this.#edge.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await token.toJwt()}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return (await response.json()) as Line;
  }

  #line(isWanted: (line: Line) => boolean): Promise<Line> {
    return new Promise((settle) => {
      const look = (line: Line) => {
        if (!isWanted(line)) return;
        this.#waiting.delete(look);
        settle(line);
      };
      this.#waiting.add(look);
    });
  }
}

async function fill(subject: EdgeSubject, say: (text: string) => void): Promise<void> {
  await subject.operate('PATCH', '/v1/routing', {
    rules: { SDR_all: { rule: { dispatch_rule_individual: { room_prefix: 'call' } } } },
  });
  const { numbers } = subject;
  const trunks = Math.ceil(numbers / numbersPerTrunk);
  for (let first = 0; first < trunks; first += trunksPerRequest) {
    const members: Record<string, object> = {};
    const last = Math.min(trunks, first + trunksPerRequest);
    for (let n = first; n < last; n += 1) {
      const count = Math.min(numbersPerTrunk, numbers - n * numbersPerTrunk);
      const own = Array.from({ length: count }, (_, at) => numberText(n * numbersPerTrunk + at));
      // An update leaves media set, as in LiveKit; set from the start, an update of a number is that of a number alone.
      members[`ST_${n}`] = { name: `trunk ${n}`, numbers: own, media: {} };
    }
    await subject.operate('PATCH', '/v1/routing', { trunks: members });
    say(`${numbers} numbers: ${last} of ${trunks} trunks stored`);
  }
  for (;;) {
    const status = await subject.operate('GET', '/v1/routing/status');
    if (status['published_revision'] === status['revision']) return;
    await new Promise((settle) => setTimeout(settle, 100));
  }
}

function numberText(n: number): string {
  return `+1${String(n).padStart(9, '0')}`;
}

/** Twelve characters of the alphabet of call ids for a count. */
function callIdText(count: number): string {
  const alphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  let text = '';
  for (let rest = count; text.length < 12; rest = Math.floor(rest / alphabet.length))
    text = (alphabet[rest % alphabet.length] ?? '2') + text;
  return text;
}
