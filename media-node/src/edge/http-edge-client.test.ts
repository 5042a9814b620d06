import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decisionExamples } from '@callgate/shared/contract/decision.ts';
import { nodeHelloExample } from '@callgate/shared/contract/hello.ts';
import { offerExample } from '@callgate/shared/contract/offer.ts';
import { processExample, processHeader } from '@callgate/shared/contract/process.ts';
import { callRecordExample } from '@callgate/shared/contract/record.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import { type Clock, systemClock } from '../clock.ts';
import { EdgeRefusal } from './edge-refusal.ts';
import { HttpEdge } from './http-edge-client.ts';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';

interface Seen {
  readonly url: string;
  readonly traceparent: unknown;
  readonly authorization: string;
  readonly process: unknown;
  readonly body: unknown;
}

const record = JSON.stringify(callRecordExample);

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Answer {
  readonly status: number;
  readonly body: string;
  /** Not before. */
  readonly when?: Promise<void>;
}

/** A real HTTP server that answers each request with the next of the given answers. */
const edgeThatAnswers = (...answers: Answer[]) => edgeOnClock(systemClock, ...answers);

async function edgeOnClock(clock: Clock, ...answers: Answer[]) {
  const seen: Seen[] = [];
  const server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on('end', async () => {
      seen.push({
        url: request.url ?? '',
        traceparent: request.headers['traceparent'],
        authorization: request.headers.authorization ?? '',
        process: request.headers[processHeader],
        body: JSON.parse(text),
      });
      const answer = answers[Math.min(seen.length, answers.length) - 1];
      await answer?.when;
      response.writeHead(answer?.status ?? 500).end(answer?.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const edge = new HttpEdge({
    url: new URL(`http://127.0.0.1:${port}`),
    nodeToken: () => 'node-token',
    process: processExample,
    clock,
  });
  closers.push(async () => {
    await edge.close();
    await new Promise((resolve) => server.close(resolve));
  });
  return { edge, seen };
}

const json = (value: unknown, status = 200) => ({ status, body: JSON.stringify(value) });

describe('edge over HTTP', () => {
  it('posts the offer with the node token and its trace and returns the decision', async () => {
    const { edge, seen } = await edgeThatAnswers(json(decisionExamples.refuse));
    expect(await edge.decide(offerExample, traceparent)).toEqual(decisionExamples.refuse);
    expect(seen).toEqual([
      {
        ...{ url: '/v1/offers', traceparent, authorization: 'Bearer node-token' },
        ...{ process: processExample, body: offerExample },
      },
    ]);
  });

  it('asks once more when a gateway on the way fails', async () => {
    const { edge, seen } = await edgeThatAnswers(
      { status: 502, body: 'bad gateway' },
      json(decisionExamples.drop),
    );
    expect((await edge.decide(offerExample, traceparent)).kind).toBe('drop');
    expect(seen.length).toBe(2);
  });

  it.each([
    ['edge-refused-node', { status: 401, body: '' }],
    ['edge-refused-node', { status: 403, body: '' }],
    ['edge-error', { status: 500, body: '<html>' }],
    ['edge-error', { status: 200, body: 'not json' }],
    ['edge-error', json({ kind: 'join' })],
    ['edge-error', json({ kind: 'sing' })],
    ['routing-unavailable', json({ code: 'routing-unavailable' }, 503)],
    ['edge-unreachable', { status: 504, body: '' }],
  ])('reports %s for %j', async (reason, answer) => {
    const { edge } = await edgeThatAnswers(answer);
    await expect(edge.decide(offerExample, traceparent)).rejects.toMatchObject({
      name: 'PartError',
      reason,
    });
  });

  it('quotes the code and detail of a problem document, and nothing else', async () => {
    const { edge } = await edgeThatAnswers(
      json({ code: 'bad-field', detail: 'source.port: expected number' }, 400),
    );
    await expect(edge.decide(offerExample, traceparent)).rejects.toThrow(
      'HTTP 400 bad-field source.port: expected number',
    );
  });

  it('reports a refused connection as edge-unreachable', async () => {
    const edge = new HttpEdge({
      url: new URL('http://127.0.0.1:9'),
      nodeToken: () => 'node-token',
      process: processExample,
      clock: systemClock,
    });
    closers.push(() => edge.close());
    await expect(edge.decide(offerExample, traceparent)).rejects.toMatchObject({
      reason: 'edge-unreachable',
    });
  });

  it('delivers one record as it is, and several as a list', async () => {
    const { edge, seen } = await edgeThatAnswers({ status: 200, body: '{}' });
    await edge.records([record]);
    await edge.records([record, record]);
    expect(seen.map(({ url, body }) => [url, body])).toEqual([
      ['/v1/records', callRecordExample],
      ['/v1/records', [callRecordExample, callRecordExample]],
    ]);
  });

  it('tells a refused record from one that may be sent again', async () => {
    const { edge } = await edgeThatAnswers(json({ code: 'bad-field' }, 400), {
      status: 500,
      body: '',
    });
    await expect(edge.records([record])).rejects.toBeInstanceOf(EdgeRefusal);
    await expect(edge.records([record])).rejects.not.toBeInstanceOf(EdgeRefusal);
  });

  it.each([
    ["a limit of Cloudflare's", { status: 429, body: '<html>' }],
    ['a route that is not there yet', json({ code: 'not-found' }, 404)],
    ['an edge of another version', json({ code: 'contract-version' }, 400)],
    ['a page of somebody on the way', { status: 400, body: '<html>' }],
  ])('takes %s for no refusal of the record: it is sent again', async (_what, answer) => {
    const { edge } = await edgeThatAnswers(answer);
    const sent = edge.records([record]);
    await expect(sent).rejects.toMatchObject({ reason: 'edge-error' });
    await expect(sent).rejects.not.toBeInstanceOf(EdgeRefusal);
  });

  it('has its records acknowledged by an edge that takes five seconds: no caller waits for that', async () => {
    const clock = new FakeClock();
    const gate = Promise.withResolvers<void>();
    const { edge, seen } = await edgeOnClock(clock, {
      ...json({ counted: true }),
      when: gate.promise,
    });
    const acknowledged = edge.records([record]);
    await vi.waitFor(() => expect(seen.length).toBe(1), 20_000);
    clock.advance(5_000);
    gate.resolve();
    await acknowledged;
  });

  it('says in whose words a node is refused: a wrong token is mended elsewhere than a wrong name', async () => {
    const detail = 'name: the token belongs to the node "fra-1"';
    const { edge } = await edgeThatAnswers(json({ code: 'forbidden', detail }, 403));
    await expect(edge.hello(nodeHelloExample)).rejects.toMatchObject({
      reason: 'edge-refused-node',
      message: `v1/nodes/hello: HTTP 403 forbidden ${detail}`,
    });
  });
});
