/**
 * Clients that nobody here wrote run one script of all inbound calls of livekit.SIP: the Node SDK in JSON and the Python SDK in protobuf against Callgate, and both
 * against a real livekit-server. The answers are compared field by field.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AccessToken } from 'livekit-server-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RedisLivekit, startLivekitWithRedis } from '../clients/livekit-with-redis.ts';
import { findPythonClient } from '../clients/python-client.ts';
import { putRaw, type RawAnswer, rawRequests } from '../clients/raw-requests.ts';
import { runProgram } from '../clients/run-program.ts';
import { type Edge, startEdge } from '../local/edge.ts';
import { buildWorker } from '../local/worker-bundle.ts';

interface Step {
  readonly step: string;
  readonly answer?: unknown;
  readonly error?: { readonly code: string; readonly msg: string };
}

const apiKey = 'APIclients';
const apiSecret = 'the-secret-of-the-clients-test-is-long-enough';
const script = (name: string) => fileURLToPath(new URL(`../clients/${name}`, import.meta.url));

let folder: string;
let edge: Edge;
let python: string;
let livekit: RedisLivekit;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callgate-clients-'));
  python = await findPythonClient();
  const bundle = await buildWorker(join(folder, 'bundle'));
  const credentials = { url: 'ws://127.0.0.1:9', apiKey, apiSecret };
  edge = await startEdge({ bundle, stateFolder: join(folder, 'state'), livekit: credentials });
  livekit = await startLivekitWithRedis({ apiKey, apiSecret, folder });
}, 300_000);
afterAll(async () => {
  await edge?.stop();
  await livekit?.stop();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  await clear();
  await livekit.clear();
});

async function run(program: string, file: string, url: string): Promise<Step[]> {
  const end = await runProgram(program, [script(file), url, apiKey, apiSecret], 60_000);
  if (end.status !== 0) throw new Error(end.output);
  return normalised(
    end.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Step),
  );
}

/** Ids become their order of appearance; unset messages and empty ones are told in different ways by the two SDKs. */
function normalised(steps: readonly Step[]): Step[] {
  const ids = new Map<string, string>();
  const text = JSON.stringify(steps).replace(/(ST|SDR)_[2-9A-HJ-NP-Za-km-z]{12}/g, (id, kind) => {
    if (!ids.has(id)) ids.set(id, `${kind}_${ids.size}`);
    return ids.get(id) ?? id;
  });
  return (JSON.parse(text) as Step[]).map((step) => withoutNull(step) as Step);
}

/** Fields that only the younger of the two SDKs knows. */
const newerFields: ReadonlySet<string> = new Set(['ringing_timeout_status']);

function withoutNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNull).toSorted(byText);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([name, member]) => member !== null && !newerFields.has(name),
  );
  return Object.fromEntries(
    kept.map(([name, member]) => [name, withoutNull(member)] as const).toSorted(byText),
  );
}

/** Ids are random, and lists are in the order of ids. */
function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

/** Callgate names the objects of a conflict as its vectors do, livekit-server in an order of its own. */
function withoutConflictText(steps: readonly Step[]): Step[] {
  return steps.map((step) =>
    step.step === 'create conflicting rule' && step.error !== undefined
      ? {
          ...step,
          error: { ...step.error, msg: step.error.msg.replace(/ in dispatch rule .*/, '') },
        }
      : step,
  );
}

describe('the SDKs of LiveKit against Callgate', () => {
  it('get the same answers in JSON and in protobuf', async () => {
    const inJson = await run(process.execPath, 'node-script.ts', edge.url);
    expect(inJson.length).toBe(22);
    expect(inJson.filter(({ error }) => error !== undefined).map(({ step }) => step)).toEqual([
      'create trunk without protection',
      'create trunk with a bad header',
      'update unknown trunk',
      'create conflicting rule',
      'delete rule again',
    ]);
    await clear();
    expect(await run(python, 'python-script.py', edge.url)).toEqual(inJson);
  });

  it('get the answers of a real livekit-server', async () => {
    for (const [program, file] of [
      [process.execPath, 'node-script.ts'],
      [python, 'python-script.py'],
    ] as const) {
      const theirs = await run(program, file, livekit.url);
      await livekit.clear();
      const ours = await run(program, file, edge.url);
      await clear();
      expect(withoutConflictText(ours)).toEqual(withoutConflictText(theirs));
    }
  });
});

describe('requests as no SDK sends them', () => {
  it('get the answers of a real livekit-server, word for word', async () => {
    const authorization = await operator();
    const answersOf = async (url: string) => {
      const answers = [];
      for (const request of rawRequests)
        answers.push({ what: request.what, ...(await putRaw(url, authorization, request)) });
      return withIdsInOrder(answers);
    };
    expect(await answersOf(edge.url)).toEqual(await answersOf(livekit.url));
  });
});

/** Ids become their order of appearance. Lists stand in the order of ids, which are random. */
function withIdsInOrder(answers: readonly RawAnswer[]): unknown {
  const ids = new Map<string, string>();
  const text = JSON.stringify(answers).replace(/(ST|SDR)_[2-9A-HJ-NP-Za-km-z]{12}/g, (id, kind) => {
    const known = ids.get(id) ?? `${kind}_${ids.size}`;
    ids.set(id, known);
    return known;
  });
  return sortedLists(JSON.parse(text.replaceAll('twirp error unknown: ', '')));
}

function sortedLists(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedLists);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      if (name !== 'items' || !Array.isArray(member)) return [name, sortedLists(member)];
      return [name, member.map(sortedLists).toSorted(byText)];
    }),
  );
}

async function operator(): Promise<string> {
  const token = new AccessToken(apiKey, apiSecret, { identity: 'test' });
  token.addSIPGrant({ admin: true });
  return `Bearer ${await token.toJwt()}`;
}

/** The script leaves objects behind; the next run starts with none. */
async function clear(): Promise<void> {
  const response = await fetch(`${edge.url}/v1/routing`, {
    method: 'PUT',
    headers: {
      authorization: await operator(),
      'content-type': 'application/json',
    },
    body: '{"trunks":[],"rules":[]}',
  });
  expect(response.status).toBe(200);
}
