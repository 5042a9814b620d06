/** The BYE of a process for a dialog that another one had. RFC 3261 §12.2.1, §15. */
import { leftDialogLimits } from '@callgate/shared/limits.ts';
import { describe, expect, it } from 'vitest';
import { answerBody, type EndpointBench, endpointBench } from '../endpoint-bench.fake.ts';
import { headerOf, peerAddress, responseText } from '../scripted-peer.fake.ts';
import type { DialogState } from '../sip-endpoint.ts';

const reason = [{ name: 'Reason', value: 'Q.850;cause=41;text="node-lost"' }];

/** An endpoint with a call that is up. */
async function answered(
  headers: Readonly<Record<string, string>> = {},
  { from = peerAddress, isReliable = false } = {},
): Promise<EndpointBench> {
  const bench = await endpointBench((call) => call.accept(answerBody), isReliable);
  bench.request({ headers }, from);
  bench.request({ method: 'ACK', toTag: bench.toTag(), branch: 'z9hG4bK-ack' }, from);
  return bench;
}

/** What is known of the dialog last, after a way through a file. */
function stateOf(bench: EndpointBench): DialogState {
  const state = bench.states.at(-1);
  if (state === undefined) throw new Error('the call was told of no dialog');
  return JSON.parse(JSON.stringify(state)) as DialogState;
}

/** The BYE that an endpoint without calls sends for it. */
async function byeOf(state: DialogState, isReliable = false) {
  const after = await endpointBench(() => {}, isReliable);
  const result = after.endpoint.endLeftDialog(state, reason);
  const [sent] = after.transport.sent;
  if (sent === undefined) throw new Error('no BYE was sent');
  return { after, result, ...sent };
}

/** Start line and headers that a peer tells a dialog by, and where it went. */
const route = (sent: { text: string; to: unknown }) => ({
  start: sent.text.slice(0, sent.text.indexOf('\r\n')),
  to: sent.to,
  headers: ['Route', 'From', 'To', 'Call-ID', 'Max-Forwards'].map((name) =>
    headerOf(sent.text, name),
  ),
});

/** What the process that had the dialog would have sent. */
function ownBye(bench: EndpointBench) {
  void bench.calls[0]?.bye();
  const sent = bench.transport.sent.at(-1);
  if (sent === undefined) throw new Error('no BYE was sent');
  return sent;
}

describe('the BYE for a dialog of an earlier process', () => {
  it.each([
    ['straight to the Contact', {}, peerAddress],
    [
      'by a loose route set',
      { 'Record-Route': '<sip:192.0.2.20;lr>, <sip:192.0.2.21;lr>' },
      peerAddress,
    ],
    ['by a strict router', { 'Record-Route': '<sip:192.0.2.20>' }, peerAddress],
    ['back through a NAT', {}, { address: '198.51.100.9', port: 31_000 }],
    ['to a caller without Contact', { Contact: '' }, peerAddress],
  ])('is the one that the dead process would have sent, %s', async (_, headers, from) => {
    const before = await answered(headers, { from });
    const state = stateOf(before);
    const bye = await byeOf(state);
    expect(route(bye)).toEqual(route(ownBye(before)));
    expect(bye.text).toMatch(/^BYE /);
    expect(headerOf(bye.text, 'Reason')).toEqual([reason[0]?.value]);
  });

  it('has a CSeq above all that the dead process may have sent since', async () => {
    const before = await answered();
    const { localNumber } = stateOf(before);
    const bye = await byeOf(stateOf(before));
    expect(headerOf(bye.text, 'CSeq')).toEqual([
      `${localNumber + leftDialogLimits.numberLeap} BYE`,
    ]);
  });

  it('goes where a re-INVITE has moved the caller to', async () => {
    const before = await answered();
    before.request({
      number: 2,
      toTag: before.toTag(),
      headers: { Contact: '<sip:ann@192.0.2.50:5090>' },
    });
    expect(before.states.length).toBe(2);
    const bye = await byeOf(stateOf(before));
    expect(bye.to).toEqual({ address: '192.0.2.50', port: 5090 });
    expect(bye.text).toMatch(/^BYE sip:ann@192\.0\.2\.50:5090 /);
  });

  it('opens a connection of its own to the Contact: that of the caller has died with the process', async () => {
    const before = await answered({}, { isReliable: true, from: { ...peerAddress, port: 40_000 } });
    const bye = await byeOf(stateOf(before), true);
    expect(bye.to).toEqual(peerAddress);
  });

  it('is sent by the rules of its transaction, and given up after 64*T1', async () => {
    const { after, result } = await byeOf(stateOf(await answered()));
    after.clock.advance(31_999);
    expect(after.transport.sent.length).toBe(11);
    after.clock.advance(1);
    expect(await result).toBe('timeout');
    expect(after.clock.pending).toBe(0);
  });

  it.each([200, 481])('is over with the answer %i', async (status) => {
    const { after, result, text } = await byeOf(stateOf(await answered()));
    after.transport.deliver(responseText(text, status), peerAddress);
    expect(await result).toBe('answered');
    after.clock.advance(500);
    expect(after.transport.sent.length).toBe(1);
  });

  it('is refused for a state whose text must not go out, or leads nowhere', async () => {
    const state = stateOf(await answered());
    const { endpoint, transport } = await endpointBench();
    for (const wrong of [
      { ...state, from: 'x\r\nVia: y' },
      { ...state, target: 'tel:+15550100' },
      { ...state, target: 'nonsense' },
    ]) {
      await expect(endpoint.endLeftDialog(wrong, reason)).rejects.toThrow(RangeError);
    }
    expect(transport.sent).toEqual([]);
  });
});

describe('the state of a dialog', () => {
  it('is told with the 200, not before', async () => {
    const bench = await endpointBench((call) =>
      call.provisional({ status: 180, phrase: 'Ringing' }),
    );
    bench.request();
    expect(bench.states).toEqual([]);
    bench.calls[0]?.accept(answerBody);
    expect(bench.states).toMatchObject([{ callId: 'call-1', source: peerAddress }]);
  });

  it('holds no credentials', async () => {
    const bench = await answered({
      Authorization: 'Digest username="ann", response="0123456789abcdef0123456789abcdef"',
    });
    expect(JSON.stringify(bench.states)).not.toContain('Digest');
  });
});
