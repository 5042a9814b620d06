import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../clock.fake.ts';
import { type Clock, systemClock } from '../../clock.ts';
import type { FinishedSpan } from './call-spans.ts';
import { openOtlp, type SpanSink } from './otlp.ts';

const span: FinishedSpan = {
  name: 'edge.decide',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  parentSpanId: '1111111111111111',
  startMs: 1_795_000_000_000.5,
  endMs: 1_795_000_000_020,
  attributes: { 'callgate.call_id': 'SCL_a', 'callgate.sequence': 0 },
  failure: 'edge-unreachable',
};

interface Request {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A collector that keeps what it gets, and a sink toward it. */
async function collector(path = ''): Promise<{ sink: SpanSink; requests: Request[] }> {
  const requests: Request[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as unknown;
      requests.push({ url: request.url ?? '', headers: request.headers, body });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  // Its clock stands: however long the last message takes, it is waited for.
  return { sink: sinkTo(`http://127.0.0.1:${port}${path}`, new FakeClock()), requests };
}

const sinkTo = (url: string, clock: Clock) =>
  openOtlp({
    url: new URL(url),
    headers: { authorization: 'Basic dGVzdA==' },
    node: { name: 'fra-1', version: '1.2.3' },
    clock,
  });

describe('spans over OTLP', () => {
  it('reach a collector with ids, times, status and the name of the node', async () => {
    const { sink, requests } = await collector();
    sink.add(span);
    await sink.close();
    expect(requests.length).toBe(1);
    expect(requests[0]?.url).toBe('/v1/traces');
    expect(requests[0]?.headers['authorization']).toBe('Basic dGVzdA==');
    expect(requests[0]?.body).toMatchObject({
      resourceSpans: [
        {
          resource: {
            attributes: expect.arrayContaining([
              { key: 'service.name', value: { stringValue: 'callgate-node' } },
              { key: 'service.instance.id', value: { stringValue: 'fra-1' } },
            ]),
          },
          scopeSpans: [
            {
              spans: [
                {
                  traceId: span.traceId,
                  spanId: span.spanId,
                  parentSpanId: span.parentSpanId,
                  name: 'edge.decide',
                  kind: 3,
                  startTimeUnixNano: '1795000000000500000',
                  endTimeUnixNano: '1795000000020000000',
                  status: { code: 2, message: 'edge-unreachable' },
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it('go below the path of a collector that has one', async () => {
    const { sink, requests } = await collector('/otlp');
    sink.add(span);
    await sink.close();
    expect(requests[0]?.url).toBe('/otlp/v1/traces');
  });

  it('are lost, and nothing else, when the collector is away', async () => {
    const sink = sinkTo('http://127.0.0.1:9', systemClock);
    for (let n = 0; n < 10_000; n++) sink.add(span);
    await sink.close();
    sink.add(span);
  });
});
