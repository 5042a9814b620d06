/** What a caller may ask for during a call, and what it is answered. RFC 3261 §14, RFC 3311, 3262, 3515, 4028. */
import { describe, expect, it } from 'vitest';
import { answerBody, type EndpointBench, endpointBench } from '../endpoint-bench.fake.ts';
import { headerOf, offer, type RequestOptions } from '../scripted-peer.fake.ts';

const hold: RequestOptions = {
  body: `${offer}a=sendonly\r\n`,
  headers: { 'Content-Type': 'application/sdp' },
};

/** A call that is up; `number` goes up by itself. */
async function answered(headers: Readonly<Record<string, string>> = {}) {
  const bench = await endpointBench((call) => call.accept(answerBody));
  bench.request({ headers });
  const toTag = bench.toTag();
  bench.request({ method: 'ACK', toTag, branch: 'z9hG4bK-ack' });
  bench.answers();
  bench.heard.length = 0;
  let number = 1;
  const ask = (method: string, options: RequestOptions = {}) => {
    number += 1;
    bench.request({ method, number, toTag, ...options });
    return bench.answers();
  };
  const ack = (body = '') =>
    bench.request({ method: 'ACK', number, toTag, branch: `z9hG4bK-ack-${number}`, body });
  return { bench, toTag, ask, ack };
}

const lastText = (bench: EndpointBench) => bench.transport.sent.at(-1)?.text ?? '';

describe('re-INVITE', () => {
  it('is answered as the call says, resent until its ACK, and absorbed when it comes again', async () => {
    const { bench, ask, ack } = await answered();
    expect(ask('INVITE', hold)).toEqual(['200 OK']);
    expect(bench.heard).toEqual(['reoffer sendonly']);
    expect(headerOf(lastText(bench), 'Contact')).toEqual(['<sip:192.0.2.1:5060>']);
    bench.clock.advance(500);
    expect(bench.answers()).toEqual(['200 OK']);
    ack();
    bench.clock.advance(31_000);
    expect(bench.answers()).toEqual([]);
  });

  it('that the call refuses leaves everything as it is', async () => {
    const { bench, ask } = await answered({ Contact: '<sip:ann@192.0.2.7:5070>' });
    const bad = {
      body: 'v=0\r\nm=audio 0',
      headers: { 'Content-Type': 'application/sdp', Contact: '<sip:other@192.0.2.99>' },
    };
    expect(ask('INVITE', bad)).toEqual(['488 Not Acceptable Here']);
    void bench.calls[0]?.bye();
    expect(bench.answers()).toEqual(['BYE sip:ann@192.0.2.7:5070']);
  });

  it('moves the target when it is accepted (RFC 3261 §12.2.2)', async () => {
    const { bench, ask, ack } = await answered();
    ask('INVITE', { ...hold, headers: { ...hold.headers, Contact: '<sip:moved@192.0.2.7:5099>' } });
    ack();
    void bench.calls[0]?.bye();
    expect(bench.answers()).toEqual(['BYE sip:moved@192.0.2.7:5099']);
    expect(bench.transport.sent.at(-1)?.to).toEqual({ address: '192.0.2.7', port: 5099 });
  });

  it('without a body gets an offer, and the ACK brings the answer', async () => {
    const { bench, ask, ack } = await answered();
    expect(ask('INVITE', { body: '' })).toEqual(['200 OK']);
    expect(lastText(bench)).toMatch(/\r\n\r\nv=0/);
    ack(offer);
    expect(bench.heard).toEqual(['reoffer ', `answer ${offer.length}`]);
  });

  it('is acknowledged on its own branch too', async () => {
    const { bench, ask, toTag } = await answered();
    ask('INVITE', hold);
    bench.request({ method: 'ACK', number: 2, toTag, branch: 'z9hG4bK-INVITE-2' });
    bench.clock.advance(31_000);
    expect(bench.answers()).toEqual([]);
  });

  it('before the ACK of the last one: 491 (RFC 3261 §14.2)', async () => {
    const { ask } = await answered();
    expect(ask('INVITE', hold)).toEqual(['200 OK']);
    expect(ask('INVITE', hold)).toEqual(['491 Request Pending']);
  });

  it('while the first INVITE rings: 500 with Retry-After up to 10 s', async () => {
    const bench = await endpointBench((call) =>
      call.provisional({ status: 180, phrase: 'Ringing' }),
    );
    bench.request();
    bench.answers();
    bench.request({ method: 'INVITE', number: 2, toTag: bench.toTag() });
    expect(bench.answers()).toEqual(['500 Request Pending']);
    expect(Number(headerOf(lastText(bench), 'Retry-After')[0])).toBeLessThanOrEqual(10);
    expect(bench.calls).toHaveLength(1);
  });

  it('whose 200 is never acknowledged: the call is told', async () => {
    const { bench, ask } = await answered();
    ask('INVITE', hold);
    bench.clock.advance(32_000);
    expect(bench.heard).toEqual(['reoffer sendonly', 'ack missing']);
  });

  it('with a Contact that is none: 400', async () => {
    const { ask } = await answered();
    expect(ask('INVITE', { headers: { Contact: '<tel:+1555>' } })).toEqual(['400 Bad Contact']);
  });
});

describe('UPDATE', () => {
  it('with an offer is answered as a re-INVITE, without an ACK to come', async () => {
    const { bench, ask } = await answered();
    expect(ask('UPDATE', hold)).toEqual(['200 OK']);
    bench.clock.advance(31_000);
    expect(bench.answers()).toEqual([]);
    expect(bench.heard).toEqual(['reoffer sendonly']);
  });

  it('without one refreshes the session and nothing else', async () => {
    const { bench, ask } = await answered();
    expect(ask('UPDATE')).toEqual(['200 OK']);
    expect(bench.heard).toEqual([]);
  });

  it('or re-INVITE with an interval below the smallest: 422 says which that is (RFC 4028 §9)', async () => {
    for (const method of ['UPDATE', 'INVITE']) {
      const { bench, ask } = await answered();
      const headers = { ...hold.headers, Supported: 'timer', 'Session-Expires': '30' };
      expect(ask(method, { ...hold, headers })).toEqual(['422 Session Interval Too Small']);
      expect(headerOf(lastText(bench), 'Min-SE')).toEqual(['90']);
      expect(bench.heard).toEqual([]);
    }
  });

  it('with an offer while a 200 waits for its ACK: 491', async () => {
    const { ask } = await answered();
    ask('INVITE', hold);
    expect(ask('UPDATE', hold)).toEqual(['491 Request Pending']);
  });

  it('with an offer before the answer: 500 (RFC 3311 §5.2)', async () => {
    const bench = await endpointBench((call) =>
      call.provisional({ status: 180, phrase: 'Ringing' }),
    );
    bench.request();
    bench.answers();
    bench.request({ method: 'UPDATE', number: 2, toTag: bench.toTag(), ...hold });
    expect(bench.answers()).toEqual(['500 Request Pending']);
  });
});

describe('INFO', () => {
  const info = (type: string, body: string): RequestOptions => ({
    body,
    headers: { 'Content-Type': type },
  });
  const table: [string, RequestOptions, string, string[]][] = [
    [
      'a digit (dtmf-relay)',
      info('application/dtmf-relay', 'Signal=5\r\nDuration=250\r\n'),
      '200 OK',
      ['digit 5 250'],
    ],
    [
      'a digit with blanks',
      info('application/dtmf-relay', 'Signal= #\r\nDuration= 100'),
      '200 OK',
      ['digit # 100'],
    ],
    ['a digit by its number', info('application/dtmf', '10'), '200 OK', ['digit * 160']],
    ['no digit', info('application/dtmf-relay', 'Signal=flash'), '400 No Digit', []],
    ['another type', info('application/json', '{}'), '415 Unsupported Media Type', []],
    ['nothing', {}, '200 OK', []],
    ['a package', { headers: { 'Info-Package': 'x' } }, '469 Bad Info Package', []],
  ];
  for (const [what, options, answer, heard] of table) {
    it(`${what}: ${answer}`, async () => {
      const { bench, ask } = await answered();
      expect(ask('INFO', options)).toEqual([answer]);
      expect(bench.heard).toEqual(heard);
    });
  }
});

describe('what a request demands that we cannot give', () => {
  it.each(['INVITE', 'UPDATE', 'INFO', 'OPTIONS', 'BYE'])(
    '%s that requires an extension: 420 names it, and nothing changes (RFC 3261 §8.2.2.3)',
    async (method) => {
      const { bench, ask } = await answered();
      expect(ask(method, { headers: { Require: 'timer, gruu' } })).toEqual(['420 Bad Extension']);
      expect(headerOf(lastText(bench), 'Unsupported')).toEqual(['gruu']);
      expect(bench.heard).toEqual([]);
      expect(bench.endpoint.stats().dialogs).toBe(1);
    },
  );

  it('a packed body: 415 says which are taken (RFC 3261 §8.2.3)', async () => {
    const { bench, ask } = await answered();
    const packed = { ...hold.headers, 'Content-Encoding': 'gzip' };
    expect(ask('INVITE', { ...hold, headers: packed })).toEqual(['415 Unsupported Media Type']);
    expect(headerOf(lastText(bench), 'Accept-Encoding')).toEqual(['identity']);
    expect(bench.heard).toEqual([]);
  });
});

it('more than a call may ask costs nothing but a 503; its BYE is taken, and other calls do not feel it', async () => {
  const { bench, ask, toTag } = await answered();
  for (let number = 2; number <= 1_001; number += 1) {
    bench.request({ method: 'OPTIONS', number, toTag });
  }
  const refused = bench.answers().filter((line) => line === '503 Service Unavailable');
  expect(refused).toHaveLength(800);
  expect(bench.endpoint.stats()).toMatchObject({
    transactions: 201,
    refused: { 'too-many-in-dialog': 800 },
  });
  bench.request({ callId: 'other', branch: 'z9hG4bK-other' });
  expect(bench.answers().at(-1)).toBe('200 OK');
  expect(ask('BYE', { number: 2_000, toTag })).toEqual(['200 OK']);
});

describe('CANCEL of a re-INVITE', () => {
  it('comes too late and is answered 200 with our tag (RFC 3261 §9.2)', async () => {
    const { bench, ask, toTag, ack } = await answered();
    ask('INVITE', hold);
    bench.request({ method: 'CANCEL', number: 2, toTag, branch: 'z9hG4bK-INVITE-2' });
    expect(bench.answers()).toEqual(['200 OK']);
    expect(bench.toTag()).toBe(toTag);
    ack();
    expect(bench.heard).toEqual(['reoffer sendonly']);
  });
});

describe('other requests', () => {
  it('REFER from the caller: 403', async () => {
    const { ask } = await answered();
    expect(ask('REFER', { headers: { 'Refer-To': '<sip:premium@example.com>' } })).toEqual([
      '403 Transfer Not Allowed',
    ]);
  });

  it('NOTIFY of nothing: 481', async () => {
    const { ask } = await answered();
    expect(ask('NOTIFY', { headers: { Event: 'refer' } })).toEqual([
      '481 Call/Transaction Does Not Exist',
    ]);
  });

  it('a multipart body: its SDP is what the call gets', async () => {
    const bench = await endpointBench();
    const body = `--b1\r\nContent-Type: application/isup;version=x\r\n\r\n\x01\x02\r\n--b1\r\nContent-Type: application/sdp\r\n\r\n${offer}\r\n--b1--\r\n`;
    bench.request({ body, headers: { 'Content-Type': 'multipart/mixed;boundary="b1"' } });
    expect(bench.calls[0]?.invite).toMatchObject({
      contentType: 'application/sdp',
      body: Buffer.from(offer),
    });
  });
});
