/**
 * Calls in which both sides do anything at any time, two thousand of them, the same for the same seed: whatever the order, nothing throws, no promise
 * is left, each INVITE has at most one final answer, and in the end nothing stays. A failure names the walk that it happened in.
 */
import { expect, it } from 'vitest';
import { answerBody, endpointBench } from '../endpoint-bench.fake.ts';
import { randomNumbers } from '../fuzz.fake.ts';
import {
  firstLine,
  headerOf,
  offer,
  peerAddress,
  type RequestOptions,
  responseText,
} from '../scripted-peer.fake.ts';
import type { SipAnswer } from '../sip-endpoint.ts';

const walks = 2_000;
const stepsMax = 25;

const ring: SipAnswer = { status: 180, phrase: 'Ringing' };
const early: SipAnswer = { ...answerBody, status: 183, phrase: 'Session Progress' };
const typed = { 'Content-Type': 'application/sdp' };
const sdp: RequestOptions = { body: offer, headers: typed };
const nothing: RequestOptions = {};
const empty: RequestOptions = { body: '' };

async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
}

/** One walk. @returns what was done, for whoever has to understand it */
async function walk(seed: number, waited: { promises: number }): Promise<string[]> {
  const random = randomNumbers(seed);
  const of = <Item>(...items: readonly [Item, ...Item[]]): Item =>
    items[random(items.length)] ?? items[0];
  const done: string[] = [];
  const bench = await endpointBench(() => {}, random(4) === 0);
  const { clock, transport } = bench;
  const wait = (promise: Promise<unknown>) => {
    waited.promises += 1;
    void promise.finally(() => {
      waited.promises -= 1;
    });
  };

  bench.request({
    body: of(offer, offer, ''),
    headers: {
      ...of({}, { Require: '100rel' }, { Require: '100rel' }),
      ...of({}, { Supported: 'timer', 'Session-Expires': `90;refresher=${of('uac', 'uas')}` }),
      ...of({}, { Allow: 'INVITE, UPDATE' }),
      ...of({}, {}, { Expires: '40' }),
    },
  });
  const [call] = bench.calls;
  if (call === undefined) throw new Error(`walk ${seed}: no call`);
  let number = 1;
  const ask = (method: string, options: RequestOptions = {}) => {
    number += method === 'INVITE' ? 1 : of(1, 1, 1, 2, 0);
    bench.request({
      method,
      number,
      toTag: bench.toTag(),
      branch: `z9hG4bK-${seed}-${done.length}`,
      ...options,
    });
  };
  const rack = () => {
    const text = transport.sent.findLast((sent) => headerOf(sent.text, 'RSeq').length > 0)?.text;
    return `${headerOf(text ?? '', 'RSeq')[0] ?? of('1', 'x')} 1 INVITE`;
  };
  const ours = () => {
    const requests = transport.sent.filter(({ text }) => !text.startsWith('SIP/2.0 '));
    return of('', ...requests.map(({ text }) => text));
  };

  const steps: Readonly<Record<string, () => void>> = {
    ring: () => call.provisional(ring),
    'ring with a description': () => call.provisional(early),
    accept: () => call.accept(answerBody),
    refuse: () => call.refuse({ status: of(404, 480, 486, 503), phrase: 'No' }),
    drop: () => call.drop(),
    'our BYE': () => wait(call.bye()),
    'our REFER': () => wait(call.refer({ to: 'tel:+1' }).catch(() => {})),
    ACK: () =>
      bench.request({
        method: 'ACK',
        number: of(1, 1, number),
        toTag: bench.toTag(),
        branch: 'z9hG4bK-a',
        body: of('', offer),
      }),
    'ACK of a refusal': () =>
      bench.request({ method: 'ACK', toTag: bench.toTag(), branch: 'z9hG4bK-INVITE-1' }),
    CANCEL: () => bench.request({ method: 'CANCEL', branch: 'z9hG4bK-INVITE-1' }),
    'copy of the INVITE': () => bench.request(),
    BYE: () => ask('BYE'),
    PRACK: () => ask('PRACK', { ...of(nothing, sdp), headers: { ...typed, RAck: rack() } }),
    UPDATE: () => ask('UPDATE', of(nothing, sdp)),
    're-INVITE': () => ask('INVITE', of(empty, sdp)),
    INFO: () => ask('INFO', { body: '5', headers: { 'Content-Type': 'application/dtmf' } }),
    NOTIFY: () =>
      ask('NOTIFY', {
        body: `SIP/2.0 ${of(100, 180, 200, 486)} X`,
        headers: {
          Event: 'refer',
          'Content-Type': 'message/sipfrag',
          'Subscription-State': of('active', 'terminated'),
        },
      }),
    'an answer to us': () => {
      const request = ours();
      if (request === '') return;
      const status = of(100, 200, 200, 202, 401, 408, 422, 481, 491, 500, 603);
      const extra = of(
        '',
        'Session-Expires: 90;refresher=uac\r\n',
        'Min-SE: 120\r\n',
        'Contact: <sip:x@192.0.2.9>\r\n',
      );
      transport.deliver(responseText(request, status, 'Some', extra), peerAddress);
    },
    'the network fails': () => {
      transport.failure = transport.failure === null ? 'unreachable' : null;
    },
    'time passes': () => clock.advance(of(100, 600, 5_000, 20_000, 33_000, 60_000)),
  };
  const names = Object.keys(steps);
  for (let count = random(stepsMax); count > 0; count -= 1) {
    const name = names[random(names.length)] ?? '';
    done.push(name);
    steps[name]?.();
    if (random(2) === 0) await settle();
  }

  // The call ends it, as any call does in the end; nobody answers any more.
  transport.failure = null;
  call.refuse({ status: 480, phrase: 'Temporarily Unavailable' });
  wait(call.bye());
  for (let minute = 0; minute < 25; minute += 1) {
    await settle();
    clock.advance(60_000);
  }
  await settle();
  const finals = transport.sent
    .filter(({ text }) => /^SIP\/2\.0 [2-6]/.test(text))
    .filter(({ text }) => text.includes('branch=z9hG4bK-INVITE-1') && text.includes(' INVITE\r\n'))
    .map(({ text }) => firstLine(text));
  // A copy that comes when the transaction is long over is another call.
  const isOne = bench.calls.length === 1;
  if (isOne)
    expect(new Set(finals).size, `walk ${seed}: ${done.join(', ')}: ${finals}`).toBeLessThan(2);
  expect(bench.endpoint.stats(), `walk ${seed}: ${done.join(', ')}`).toMatchObject({
    transactions: 0,
    dialogs: 0,
  });
  expect([clock.pending, transport.held], `walk ${seed}: ${done.join(', ')}`).toEqual([0, 0]);
  expect(
    bench.logged.filter(({ event }) => event === 'sip-fault'),
    `walk ${seed}`,
  ).toEqual([]);
  return done;
}

it(`${walks} random calls leave nothing behind`, { timeout: 120_000 }, async () => {
  const waited = { promises: 0 };
  const seen = new Set<string>();
  for (let seed = 1; seed <= walks; seed += 1) {
    for (const step of await walk(seed, waited)) seen.add(step);
    expect(waited.promises, `walk ${seed}`).toBe(0);
  }
  expect(seen.size).toBe(20);
});
