/** Where our requests in a dialog go, and what they name. RFC 3261 §12.2.1.1, RFC 3263. */
import { describe, expect, it } from 'vitest';
import { answerBody, type EndpointBench, endpointBench } from '../endpoint-bench.fake.ts';
import { firstLine, headerOf, peerAddress } from '../scripted-peer.fake.ts';

/** A call that is up. */
async function answered(
  headers: Readonly<Record<string, string>>,
  isReliable = false,
): Promise<EndpointBench> {
  const bench = await endpointBench((call) => call.accept(answerBody), isReliable);
  bench.request({ headers });
  bench.request({ method: 'ACK', toTag: bench.toTag(), branch: 'z9hG4bK-ack' });
  return bench;
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

const last = (bench: EndpointBench) => bench.transport.sent.at(-1) ?? { text: '', to: null };

describe('our requests follow the route set (RFC 3261 §12.2.1.1)', () => {
  it('loose: the target in the Request-URI, the routes in their order, sent to the first', async () => {
    const bench = await answered({
      'Record-Route': '<sip:192.0.2.50;lr>, <sip:192.0.2.51:5090;lr>',
    });
    void bench.calls[0]?.bye();
    await settle();
    const { text, to } = last(bench);
    expect(firstLine(text)).toBe('BYE sip:ann@192.0.2.7:5070');
    expect(headerOf(text, 'Route')).toEqual(['<sip:192.0.2.50;lr>', '<sip:192.0.2.51:5090;lr>']);
    expect(to).toEqual({ address: '192.0.2.50', port: 5060 });
  });

  it('strict: the first route in the Request-URI, the target last', async () => {
    const bench = await answered({ 'Record-Route': '<sip:192.0.2.50>, <sip:192.0.2.51;lr>' });
    void bench.calls[0]?.bye();
    await settle();
    const { text, to } = last(bench);
    expect(firstLine(text)).toBe('BYE sip:192.0.2.50');
    expect(headerOf(text, 'Route')).toEqual(['<sip:192.0.2.51;lr>', '<sip:ann@192.0.2.7:5070>']);
    expect(to).toEqual({ address: '192.0.2.50', port: 5060 });
  });

  it('a Contact by name is looked up', async () => {
    const bench = await answered({ Contact: '<sip:ann@phone.example.com:5080>' });
    void bench.calls[0]?.bye();
    await settle();
    expect(last(bench).to).toMatchObject({ address: '192.0.2.99', port: 5080 });
  });
});

it('a Contact whose name cannot be looked up: our requests go to where the caller was heard', async () => {
  const bench = await answered({ Contact: '<sip:ann@away.example.com:5080>' });
  void bench.calls[0]?.bye();
  await settle();
  expect(firstLine(last(bench).text)).toBe('BYE sip:ann@away.example.com:5080');
  expect(last(bench).to).toEqual(peerAddress);
});

it('a name that must be proved is not given up for an address (sips)', async () => {
  const bench = await answered({ Contact: '<sips:ann@away.example.com>' });
  bench.answers();
  await bench.calls[0]?.bye();
  expect(bench.answers()).toEqual([]);
  expect(bench.endpoint.stats().dialogs).toBe(0);
});

describe('over TCP or TLS they go', () => {
  const over = async (route: string) => {
    const bench = await answered({ 'Record-Route': route }, true);
    void bench.calls[0]?.bye();
    await settle();
    expect(firstLine(last(bench).text)).toBe('BYE sip:ann@192.0.2.7:5070');
    return last(bench).to;
  };

  it('by the connection that is there, where the route leads to the same address', async () => {
    expect(await over('<sip:192.0.2.7:5061;transport=tcp;lr>')).toEqual(peerAddress);
  });

  it('by another where it leads elsewhere', async () => {
    const elsewhere = { address: '192.0.2.50', port: 5_060 };
    expect(await over('<sip:192.0.2.50;transport=tcp;lr>')).toEqual(elsewhere);
  });
});

it.each(['<sip:ann@192.0.2.7;transport=tls>', '<sips:ann@192.0.2.7>'])(
  'never in the clear where %s wants TLS: without it the call ends unheard',
  async (contact) => {
    const bench = await answered({ Contact: contact });
    bench.answers();
    await bench.calls[0]?.bye();
    expect(bench.answers()).toEqual([]);
    expect(bench.endpoint.stats().dialogs).toBe(0);
    expect(bench.logged.at(-1)).toEqual({
      event: 'sip-not-sent',
      fields: { why: 'BYE has no way to go: no listener for tls' },
    });
  },
);
