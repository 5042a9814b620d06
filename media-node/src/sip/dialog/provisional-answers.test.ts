/** What is said before the answer: how it arrives, how often it is said again, and what it may carry. RFC 3261 §13.3.1.1, RFC 3262, RFC 3311 §5. */
import { describe, expect, it } from 'vitest';
import { answerBody, type EndpointBench, endpointBench } from '../endpoint-bench.fake.ts';
import { headerOf, offer, type RequestOptions } from '../scripted-peer.fake.ts';
import type { SipAnswer } from '../sip-endpoint.ts';

const ring: SipAnswer = { status: 180, phrase: 'Ringing' };
const early: SipAnswer = { ...answerBody, status: 183, phrase: 'Session Progress' };
const hold = { body: `${offer}a=sendonly\r\n`, headers: { 'Content-Type': 'application/sdp' } };

const lastText = (bench: EndpointBench) => bench.transport.sent.at(-1)?.text ?? '';
const lastOf = (bench: EndpointBench, status: number) =>
  bench.transport.sent.findLast(({ text }) => text.startsWith(`SIP/2.0 ${status}`))?.text ?? '';
const instantsOf = (bench: EndpointBench, status: number) =>
  bench.transport.sent
    .filter(({ text }) => text.startsWith(`SIP/2.0 ${status}`))
    .map(({ atMono }) => atMono);

/** A call of a caller who requires that what we say arrives. */
async function reliable(said: SipAnswer, invite: RequestOptions = {}) {
  const bench = await endpointBench((call) => call.provisional(said));
  bench.request({ ...invite, headers: { Require: '100rel', ...invite.headers } });
  const [call] = bench.calls;
  if (call === undefined) throw new Error('no call');
  bench.answers();
  let number = 1;
  const ask = (method: string, options: RequestOptions = {}) => {
    number += 1;
    bench.request({ method, number, toTag: bench.toTag(), ...options });
    return bench.answers();
  };
  const rseq = () => headerOf(lastOf(bench, said.status), 'RSeq')[0] ?? '';
  const prack = (rack = `${rseq()} 1 INVITE`, body = '') =>
    ask('PRACK', {
      body,
      headers: { RAck: rack, ...(body === '' ? {} : { 'Content-Type': 'application/sdp' }) },
    });
  return { bench, call, ask, rseq, prack };
}

describe('a phone that rings', () => {
  it('is said to every minute, as any may be lost and a proxy gives up after three (RFC 3261 §13.3.1.1)', async () => {
    const bench = await endpointBench((call) => call.provisional(ring));
    bench.request();
    bench.clock.advance(170_000);
    expect(instantsOf(bench, 180)).toEqual([0, 60_000, 120_000]);
    bench.calls[0]?.refuse({ status: 480, phrase: 'Temporarily Unavailable' });
    bench.clock.advance(600_000);
    expect(instantsOf(bench, 180)).toHaveLength(3);
    expect(bench.clock.pending).toBe(0);
  });

  it('is said to every two and a half, each time anew, where it must arrive (RFC 3262 §3)', async () => {
    const { bench, rseq, prack } = await reliable(ring);
    const first = Number(rseq());
    prack();
    bench.clock.advance(150_000);
    expect(rseq()).toBe(String(first + 1));
    prack();
    bench.clock.advance(149_000);
    expect(instantsOf(bench, 180)).toEqual([0, 150_000]);
  });

  it('until it is answered', async () => {
    const bench = await endpointBench((call) => {
      call.provisional(ring);
      call.accept(answerBody);
    });
    bench.request();
    bench.request({ method: 'ACK', toTag: bench.toTag(), branch: 'z9hG4bK-ack' });
    bench.clock.advance(200_000);
    expect(instantsOf(bench, 180)).toEqual([0]);
  });
});

describe('an answer that must arrive (RFC 3262)', () => {
  it('is resent at 0.5, 1.5, ... 31.5 s; then the call is told and the INVITE refused', async () => {
    const { bench } = await reliable(ring);
    expect(headerOf(lastText(bench), 'Require')).toEqual(['100rel']);
    bench.clock.advance(40_000);
    expect(instantsOf(bench, 180)).toEqual([0, 500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    expect(bench.answers()).toContain('504 Server Time-out');
    expect(bench.heard).toEqual(['ack missing']);
    bench.clock.advance(60_000);
    expect(bench.endpoint.stats()).toMatchObject({ transactions: 0, dialogs: 0 });
    expect(bench.clock.pending).toBe(0);
  });

  it('stops at its PRACK', async () => {
    const { bench, prack } = await reliable(ring);
    expect(prack()).toEqual(['200 OK']);
    bench.clock.advance(32_000);
    expect(bench.answers()).toEqual([]);
  });

  it('does not stop at a PRACK for another: 481', async () => {
    const { rseq, prack } = await reliable(ring);
    const gone = ['481 Call/Transaction Does Not Exist'];
    expect(prack(`${Number(rseq()) + 1} 1 INVITE`)).toEqual(gone);
    expect(prack(`${rseq()} 2 INVITE`)).toEqual(gone);
    expect(prack(`${rseq()} 1 BYE`)).toEqual(gone);
    expect(prack('x')).toEqual(gone);
  });

  it('a second PRACK for it: 481', async () => {
    const { prack } = await reliable(ring);
    prack();
    expect(prack()).toEqual(['481 Call/Transaction Does Not Exist']);
  });

  it('waits for the PRACK of the one before, and has the next number', async () => {
    const { bench, call, rseq, prack } = await reliable(ring);
    const first = Number(rseq());
    call.provisional({ status: 183, phrase: 'Session Progress' });
    expect(bench.answers()).toEqual([]);
    expect(prack()).toEqual(['200 OK', '183 Session Progress']);
    expect(headerOf(lastOf(bench, 183), 'RSeq')).toEqual([String(first + 1)]);
  });

  it('is no longer resent once the 200 is out, and its late PRACK is answered 200', async () => {
    const { bench, call, prack } = await reliable(ring);
    call.accept(answerBody);
    bench.answers();
    bench.clock.advance(400);
    expect(bench.answers()).toEqual([]);
    expect(prack()).toEqual(['200 OK']);
  });
});

describe('a 200 while a description waits for its PRACK (RFC 3262 §3)', () => {
  it('goes out when the PRACK has come, and not before', async () => {
    const { bench, call, prack } = await reliable(early);
    call.accept(answerBody);
    expect(bench.answers()).toEqual([]);
    expect(prack()).toEqual(['200 OK', '200 OK']);
    expect(headerOf(lastText(bench), 'CSeq')).toEqual(['1 INVITE']);
    bench.request({ method: 'ACK', toTag: bench.toTag(), branch: 'z9hG4bK-ack' });
    expect(bench.heard).toEqual(['ack']);
  });

  it.each([
    ['CANCEL', { branch: 'z9hG4bK-INVITE-1', number: 1 }],
    ['BYE', { number: 2 }],
  ] as const)('is not sent after %s: 487, and the call is over', async (method, options) => {
    const { bench, call } = await reliable(early);
    call.accept(answerBody);
    const toTag = bench.toTag();
    bench.request({ method, ...options, ...(method === 'BYE' ? { toTag } : {}) });
    expect(bench.answers()).toEqual(['200 OK', '487 Request Terminated']);
    expect(bench.heard).toEqual(['bye']);
    expect(call.finalStatus).toBe(487);
    expect(bench.endpoint.stats().dialogs).toBe(0);
  });

  it('is not sent when the call ends meanwhile: it is refused', async () => {
    const { bench, call } = await reliable(early);
    call.accept(answerBody);
    expect(call.finalStatus).toBeNull();
    call.refuse({ status: 486, phrase: 'Busy Here' });
    expect(bench.answers()).toEqual(['486 Busy Here']);
    expect(call.finalStatus).toBe(486);
    expect(bench.endpoint.stats().dialogs).toBe(0);
  });

  it('is not sent when none comes: the call is told, 504', async () => {
    const { bench, call } = await reliable(early);
    call.accept(answerBody);
    bench.clock.advance(32_000);
    expect(bench.heard).toEqual(['ack missing']);
    expect(bench.answers().at(-1)).toBe('504 Server Time-out');
    expect(bench.endpoint.stats().dialogs).toBe(0);
  });
});

describe('an INVITE without an offer that requires it', () => {
  const bare = { body: '' };

  it('hears nothing before our offer, gets that first, and answers it in its PRACK (RFC 3262 §5)', async () => {
    const { bench, call, prack } = await reliable(ring, bare);
    expect(instantsOf(bench, 180)).toEqual([]);
    call.provisional({ ...answerBody, ...ring });
    expect(bench.answers()).toEqual(['180 Ringing']);
    expect(lastText(bench).endsWith('v=0\r\n')).toBe(true);
    expect(prack(undefined, offer)).toEqual(['200 OK']);
    expect(bench.heard).toEqual([`answer ${offer.length}`]);
  });

  it('gets no second offer in the 200 (RFC 3261 §13.2.1)', async () => {
    const { bench, call, prack } = await reliable(ring, bare);
    call.provisional({ ...answerBody, ...ring });
    prack(undefined, offer);
    call.accept(answerBody);
    expect(headerOf(lastText(bench), 'Content-Length')).toEqual(['0']);
  });

  it('gets it in the 200 when that comes first', async () => {
    const { bench, call } = await reliable(ring, bare);
    call.accept(answerBody);
    expect(bench.answers()).toEqual(['200 OK']);
    expect(lastText(bench).endsWith('v=0\r\n')).toBe(true);
  });

  it('may not make an offer while ours waits: 491 (RFC 3311 §5.2)', async () => {
    const { bench, call, ask } = await reliable(ring, bare);
    call.provisional({ ...answerBody, ...ring });
    bench.answers();
    expect(ask('UPDATE', hold)).toEqual(['491 Request Pending']);
  });
});

describe('an offer before the call is answered', () => {
  it('by UPDATE is taken once the first one is settled by an answer that arrives (RFC 3311 §5.2)', async () => {
    const { bench, ask, prack } = await reliable(early);
    prack();
    expect(ask('UPDATE', hold)).toEqual(['200 OK']);
    expect(lastText(bench).endsWith('v=0\r\n')).toBe(true);
    expect(bench.heard).toEqual(['reoffer sendonly']);
  });

  it('by UPDATE is not taken when the 183 may be lost: 500 with Retry-After', async () => {
    const bench = await endpointBench((call) => call.provisional(early));
    bench.request();
    bench.answers();
    bench.request({ method: 'UPDATE', number: 2, toTag: bench.toTag(), ...hold });
    expect(bench.answers()).toEqual(['500 Request Pending']);
    expect(Number(headerOf(lastText(bench), 'Retry-After')[0])).toBeLessThanOrEqual(10);
  });

  it('by PRACK is answered in its 200 (RFC 3262 §5)', async () => {
    const { bench, prack } = await reliable(early);
    expect(prack(undefined, hold.body)).toEqual(['200 OK']);
    expect(lastText(bench).endsWith('v=0\r\n')).toBe(true);
    expect(bench.heard).toEqual(['reoffer sendonly']);
  });

  it('by UPDATE may move the target of the dialog', async () => {
    const { bench, call, ask, prack } = await reliable(ring);
    prack();
    ask('UPDATE', { headers: { Contact: '<sip:moved@192.0.2.7:5099>' } });
    call.accept(answerBody);
    bench.request({ method: 'ACK', toTag: bench.toTag(), branch: 'z9hG4bK-ack' });
    bench.answers();
    void call.bye();
    expect(bench.answers()).toEqual(['BYE sip:moved@192.0.2.7:5099']);
  });
});
