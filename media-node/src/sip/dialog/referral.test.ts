/** Transfers that we ask for: REFER out and the NOTIFYs that come back. RFC 3515. */
import { expect, it } from 'vitest';
import { answerBody, endpointBench } from '../endpoint-bench.fake.ts';
import { firstLine, headerOf, peerAddress, responseText } from '../scripted-peer.fake.ts';
import type { ReferOutcome } from '../sip-endpoint.ts';

/** A call that is up with a REFER on its way. */
async function referring() {
  const bench = await endpointBench((call) => call.accept(answerBody));
  bench.request();
  const toTag = bench.toTag();
  bench.request({ method: 'ACK', toTag, branch: 'z9hG4bK-ack' });
  bench.answers();
  bench.heard.length = 0;
  const progress: number[] = [];
  let outcome: ReferOutcome | null = null;
  const [call] = bench.calls;
  void call
    ?.refer({
      to: 'tel:+15550123',
      headers: [{ name: 'X-Why', value: 'busy' }],
      onProgress: (status) => void progress.push(status),
    })
    .then((result) => {
      outcome = result;
    });
  const refer = bench.transport.sent.at(-1)?.text ?? '';
  bench.answers();
  let number = 1;
  const notify = async (fragment: string, state = 'active', event = 'refer') => {
    number += 1;
    const headers = {
      Event: event,
      'Subscription-State': state,
      ...(fragment === '' ? {} : { 'Content-Type': 'message/sipfrag' }),
    };
    bench.request({ method: 'NOTIFY', number, toTag, headers, body: fragment });
    await settle();
    return bench.answers();
  };
  const answer = async (status: number) => {
    bench.transport.deliver(responseText(refer, status), peerAddress);
    await settle();
  };
  return { bench, toTag, refer, notify, answer, progress, outcome: () => outcome };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

it('goes out with Refer-To, Referred-By and the headers of the call', async () => {
  const { refer } = await referring();
  expect(firstLine(refer)).toBe('REFER sip:ann@192.0.2.7:5070');
  expect(headerOf(refer, 'Refer-To')).toEqual(['tel:+15550123']);
  expect(headerOf(refer, 'Referred-By')).toEqual(['<sip:+15550100@192.0.2.1>']);
  expect(headerOf(refer, 'X-Why')).toEqual(['busy']);
});

it('is transferred when the NOTIFY says 200; what came before is progress', async () => {
  const { notify, answer, progress, outcome } = await referring();
  await answer(202);
  expect(await notify('SIP/2.0 100 Trying\r\n')).toEqual(['200 OK']);
  expect(await notify('SIP/2.0 180 Ringing\r\n', 'active;expires=60')).toEqual(['200 OK']);
  expect(outcome()).toBeNull();
  expect(await notify('SIP/2.0 200 OK\r\n', 'terminated;reason=noresource')).toEqual(['200 OK']);
  expect([progress, outcome()]).toEqual([[100, 180], { kind: 'transferred' }]);
});

it('a NOTIFY may come before the answer to the REFER (RFC 3515 §2.4.4)', async () => {
  const { notify, outcome } = await referring();
  expect(await notify('SIP/2.0 200 OK')).toEqual(['200 OK']);
  expect(outcome()).toEqual({ kind: 'transferred' });
});

it('the caller refuses the REFER: the call goes on', async () => {
  const { bench, answer, outcome } = await referring();
  await answer(603);
  expect(outcome()).toEqual({ kind: 'refused', by: 'caller', status: 603 });
  expect(bench.endpoint.stats().dialogs).toBe(1);
});

it('the target refuses: the call goes on', async () => {
  const { bench, notify, answer, outcome } = await referring();
  await answer(202);
  await notify('SIP/2.0 486 Busy Here', 'terminated');
  expect(outcome()).toEqual({ kind: 'refused', by: 'target', status: 486 });
  expect(bench.endpoint.stats().dialogs).toBe(1);
});

it('a caller who hangs up after it agreed has most likely transferred', async () => {
  const { bench, toTag, answer, outcome } = await referring();
  await answer(202);
  bench.request({ method: 'BYE', number: 9, toTag });
  await settle();
  expect(outcome()).toEqual({ kind: 'ended', wasAccepted: true });
  expect(bench.heard).toEqual(['bye']);
});

it('nothing is heard for two minutes: the call goes on', async () => {
  const { bench, answer, outcome } = await referring();
  await answer(202);
  bench.clock.advance(120_000);
  await settle();
  expect(outcome()).toEqual({ kind: 'timeout' });
  expect(bench.endpoint.stats().dialogs).toBe(1);
  expect(bench.clock.pending).toBe(0);
});

it('a subscription that ends without a word is as good as silence', async () => {
  const { notify, outcome } = await referring();
  expect(await notify('', 'terminated;reason=timeout')).toEqual(['200 OK']);
  expect(outcome()).toEqual({ kind: 'timeout' });
});

it('other NOTIFYs are told apart', async () => {
  const { notify, refer } = await referring();
  const number = headerOf(refer, 'CSeq')[0]?.split(' ')[0];
  expect(await notify('SIP/2.0 180 Ringing', 'active', 'dialog')).toEqual(['489 Bad Event']);
  expect(await notify('SIP/2.0 180 Ringing', 'active', 'refer;id=1')).toEqual([
    '481 Subscription Does Not Exist',
  ]);
  expect(await notify('SIP/2.0 180 Ringing', 'active', `refer;id=${number}`)).toEqual(['200 OK']);
});

it('only one at a time, and only to what can be called', async () => {
  const { bench } = await referring();
  const [call] = bench.calls;
  await expect(call?.refer({ to: 'sip:b@example.com' })).rejects.toThrow('already');
  await expect(call?.refer({ to: 'mailto:b@example.com' })).rejects.toThrow('URI');
  await expect(call?.refer({ to: 'sip:b@example.com>\r\nX: 1' })).rejects.toThrow('URI');
});
