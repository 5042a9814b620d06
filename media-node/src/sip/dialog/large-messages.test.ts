/** What is asked of us may be larger than what can be sent: a call must end all the same, and no exception may leave the endpoint. */
import { sipLimits } from '@callgate/shared/limits.ts';
import { expect, it } from 'vitest';
import { answerBody, endpointBench } from '../endpoint-bench.fake.ts';
import { firstLine, headerOf, offer, peerAddress, responseText } from '../scripted-peer.fake.ts';
import type { SipAnswer } from '../sip-endpoint.ts';

/** As many headers as an application may want, each as long as it may be. */
const many = Array.from({ length: 32 }, (_, index) => ({
  name: `X-Application-${index}`,
  value: 'v'.repeat(1_024),
}));

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** A call that is up. */
async function answered(answer: SipAnswer = answerBody) {
  const bench = await endpointBench((call) => call.accept(answer));
  bench.request();
  bench.request({ method: 'ACK', toTag: bench.toTag(), branch: 'z9hG4bK-ack' });
  const last = () => bench.transport.sent.at(-1)?.text ?? '';
  return { bench, last };
}

it('headers of the call fill a part of an answer at most; what does not fit is named in the log', async () => {
  const { bench, last } = await answered({ ...answerBody, headers: many });
  expect(firstLine(last())).toBe('200 OK');
  expect(headerOf(last(), 'X-Application-0')).toHaveLength(1);
  expect(headerOf(last(), 'X-Application-31')).toEqual([]);
  expect(bench.logged.map(({ event }) => event)).toEqual(['sip-header-left-out']);
});

it('a BYE goes out with what fits, and the dialog ends', async () => {
  const { bench, last } = await answered();
  const over = bench.calls[0]?.bye(many);
  await settle();
  expect(firstLine(last())).toBe('BYE sip:ann@192.0.2.7:5070');
  bench.transport.deliver(responseText(last(), 200), peerAddress);
  await over;
  expect(bench.endpoint.stats().dialogs).toBe(0);
});

it('so does a REFER', async () => {
  const { bench, last } = await answered();
  const outcome = bench.calls[0]?.refer({ to: 'tel:+15550123', headers: many });
  expect(firstLine(last())).toBe('REFER sip:ann@192.0.2.7:5070');
  bench.transport.deliver(responseText(last(), 603), peerAddress);
  expect(await outcome).toEqual({ kind: 'refused', by: 'caller', status: 603 });
});

it('an INVITE as large as one may be is answered, and its call ends', async () => {
  const callId = 'c'.repeat(1_500);
  const bench = await endpointBench((call) =>
    call.accept({
      ...answerBody,
      headers: many,
      body: { contentType: 'application/sdp', bytes: Buffer.alloc(sipLimits.bodyBytesMax, 'x') },
    }),
  );
  bench.request({
    body: offer.padEnd(sipLimits.bodyBytesMax, ' '),
    headers: {
      Via: `SIP/2.0/UDP 192.0.2.7:5070;branch=z9hG4bK1${',SIP/2.0/UDP a'.repeat(150)}`,
      'Record-Route': `<sip:192.0.2.50;lr;x=${'y'.repeat(3_000)}>`,
      'Call-ID': callId,
    },
  });
  expect(bench.answers()).toEqual(['200 OK']);
  bench.request({ method: 'ACK', callId, toTag: bench.toTag(), branch: 'z9hG4bK-ack' });
  const over = bench.calls[0]?.bye(many);
  await settle();
  bench.clock.advance(33_000);
  await over;
  expect(bench.endpoint.stats()).toMatchObject({ dialogs: 0, transactions: 0 });
  expect(bench.logged.filter(({ event }) => event === 'sip-fault')).toEqual([]);
});

it('a request refused without a call has its answer, however many Vias that repeats', async () => {
  const bench = await endpointBench();
  const line = `SIP/2.0/UDP a${',SIP/2.0/UDP a'.repeat(250)}`;
  const vias = `SIP/2.0/UDP 192.0.2.7:5070;branch=z9hG4bK1\r\nVia: ${line}\r\nVia: ${line}\r\nVia: ${line}`;
  bench.request({ method: 'REGISTER', headers: { Via: vias } });
  expect(bench.answers()).toEqual(['405 Method Not Allowed']);
  expect(bench.logged.filter(({ event }) => event === 'sip-fault')).toEqual([]);
});

it('more routes than a request may have hops make no dialog: 400', async () => {
  const bench = await endpointBench((call) => call.accept(answerBody));
  bench.request({ headers: { 'Record-Route': `sip:a${',sip:a'.repeat(70)}` } });
  expect(bench.answers()).toEqual(['400 Bad Record-Route']);
});
