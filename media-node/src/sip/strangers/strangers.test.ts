/** What a source may cost before a call of it was let in, and after. */
import { strangerLimits } from '@callgate/shared/limits.ts';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../clock.fake.ts';
import { answerBody, endpointBench } from '../endpoint-bench.fake.ts';
import { type RequestOptions, requestText } from '../scripted-peer.fake.ts';
import type { SipAnswer } from '../sip-endpoint.ts';
import { readMessage } from '../wire/read-message.ts';
import { TrustedProxies } from './real-source.ts';
import { scannerRule } from './scanner.ts';
import { sourceKey } from './source-key.ts';
import { Sources } from './sources.ts';

/** Whoever brings credentials has guessed. */
const refuse = (answer: SipAnswer) =>
  endpointBench((call) => call.refuse(answer, call.invite.credentials !== null));
const ringing = { status: 180, phrase: 'Ringing' };

function requestOf(options: RequestOptions) {
  const reading = readMessage(Buffer.from(requestText(options), 'latin1'));
  if (reading.kind !== 'message' || reading.message.kind !== 'request')
    throw new Error('no request');
  return reading.message;
}

describe('a source that nobody knows', () => {
  it('may send a hundred requests at once and twenty a second, the rest gets nothing', () => {
    const clock = new FakeClock();
    const sources = new Sources(clock);
    const passed = (count: number) =>
      Array.from({ length: count }, () => sources.admit('192.0.2.7')).filter(
        (rule) => rule === null,
      ).length;
    expect(passed(150)).toBe(100);
    clock.advance(1_000);
    expect(passed(150)).toBe(20);
    clock.advance(60_000);
    expect(passed(150)).toBe(100);
    expect(sources.admit('192.0.2.7')).toBe('too-many-requests');
    expect(sources.admit('192.0.2.8')).toBeNull();
  });

  it('is one of many: all together may not ask more than the edge bears', () => {
    const sources = new Sources(new FakeClock());
    const rules = Array.from({ length: 3_000 }, (_, index) =>
      sources.admit(`10.0.${index >> 8}.${index & 255}`),
    );
    expect(rules.filter((rule) => rule === null)).toHaveLength(2_000);
    expect(rules.at(-1)).toBe('too-many-strangers');
  });

  it('is forgotten when there are too many, the one longest silent first', () => {
    const clock = new FakeClock();
    const sources = new Sources(clock);
    for (let index = 0; index < 50_000; index += 1) {
      sources.admit(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
      clock.advance(10);
    }
    expect(sources.size).toBe(10_000);
  });

  it('is known from its first welcome call on, for an hour', () => {
    const clock = new FakeClock();
    const sources = new Sources(clock);
    sources.welcome('192.0.2.7');
    for (let count = 0; count < 10_000; count += 1) expect(sources.admit('192.0.2.7')).toBeNull();
    clock.advance(3_600_001);
    const rules = Array.from({ length: 200 }, () => sources.admit('192.0.2.7'));
    expect(rules.filter((rule) => rule === null)).toHaveLength(100);
  });

  it('hears nothing for ten minutes after twenty wrong credentials within ten', () => {
    const clock = new FakeClock();
    const sources = new Sources(clock);
    for (let count = 0; count < 19; count += 1) sources.failed('192.0.2.7');
    expect(sources.admit('192.0.2.7')).toBeNull();
    clock.advance(600_000);
    sources.failed('192.0.2.7');
    expect(sources.admit('192.0.2.7')).toBeNull();
    for (let count = 0; count < 19; count += 1) sources.failed('192.0.2.7');
    expect(sources.admit('192.0.2.7')).toBe('too-many-failures');
    clock.advance(600_000);
    expect(sources.admit('192.0.2.7')).toBeNull();
  });
});

describe('one source is', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:0:0:ffff::1', '2001:db8:0:0::/64'],
    ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
    ['2001:0db8:0000:0001:2:3:4:5', '2001:db8:0:1::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::ffff:192.0.2.7', '::ffff:192.0.2.7'],
  ])('%s: %s', (address, key) => expect(sourceKey(address)).toBe(key));
});

describe('through the endpoint', () => {
  it('a flood from one stranger makes at most a hundred answers and no state', async () => {
    const bench = await refuse({ status: 404, phrase: 'Not Found' });
    for (let index = 0; index < 5_000; index += 1) {
      bench.request({ method: 'OPTIONS', branch: `z9hG4bK${index}`, callId: `c${index}` });
    }
    expect(bench.transport.sent).toHaveLength(100);
    expect(bench.endpoint.stats().transactions).toBe(0);
    expect(bench.logged.filter(({ event }) => event === 'sip-refused')).toHaveLength(1);
  });

  it('noise costs as much as requests, and then is not answered either', async () => {
    const bench = await endpointBench();
    for (let index = 0; index < 500; index += 1) bench.request({ headers: { CSeq: 'x' } });
    expect(bench.transport.sent).toHaveLength(100);
  });

  it('a caller who was let in is not counted, nor are copies, ACKs and what belongs to a call', async () => {
    const bench = await endpointBench((call) => call.accept(answerBody));
    for (let index = 0; index < 300; index += 1) {
      bench.request({ branch: `z9hG4bK${index}`, callId: `c${index}` });
    }
    expect(bench.calls).toHaveLength(300);
  });

  it('the same Call-ID and tag gets the same refusal again, nobody is asked', async () => {
    const bench = await refuse({
      status: 404,
      phrase: 'No Trunk Found',
      headers: [{ name: 'Reason', value: 'Q.850;cause=1' }],
    });
    bench.request();
    bench.request({ number: 2 });
    expect(bench.calls).toHaveLength(1);
    expect(bench.answers()).toEqual(['404 No Trunk Found', '404 No Trunk Found']);
    bench.clock.advance(60_001);
    bench.request({ number: 3 });
    expect(bench.calls).toHaveLength(2);
  });

  it.each([401, 407, 422, 487, 500, 503])(
    'after %i the same call may come again',
    async (status) => {
      const bench = await refuse({ status, phrase: 'No' });
      bench.request();
      bench.request({ number: 2 });
      expect(bench.calls).toHaveLength(2);
    },
  );

  it('credentials that come again count for nothing: the caller is asked anew', async () => {
    const bench = await refuse({ status: 407, phrase: 'Proxy Authentication Required' });
    const headers = { 'Proxy-Authorization': 'Digest nonce="n", nc=00000001' };
    for (const index of [1, 2]) {
      bench.request({ number: index, branch: `z9hG4bK${index}`, callId: 'replayed', headers });
    }
    expect(bench.calls.map(({ invite }) => invite.credentials?.value ?? null)).toEqual([
      'Digest nonce="n", nc=00000001',
      null,
    ]);
  });

  it('after five wrong credentials a source is slowed to one request in two seconds', async () => {
    const bench = await refuse({ status: 407, phrase: 'Proxy Authentication Required' });
    const attempt = (index: number) =>
      bench.request({
        ...{ number: index, branch: `z9hG4bK${index}`, callId: `c${index}` },
        headers: { 'Proxy-Authorization': 'Digest x="y"' },
      });
    for (let index = 1; index <= 20; index += 1) attempt(index);
    expect(bench.calls).toHaveLength(7);
    bench.clock.advance(2_000);
    for (let index = 21; index <= 30; index += 1) attempt(index);
    expect(bench.calls).toHaveLength(8);
  });

  it('a source whose credentials tried no password goes on: they can be sent under any address', async () => {
    const bench = await endpointBench((call) =>
      call.refuse({ status: 407, phrase: 'Proxy Authentication Required' }),
    );
    for (let index = 1; index <= 40; index += 1)
      bench.request({
        ...{ branch: `z9hG4bK${index}`, callId: `c${index}` },
        headers: { 'Proxy-Authorization': 'Digest x="y"' },
      });
    expect(bench.calls).toHaveLength(40);
  });

  it('wrong credentials count, the first challenge does not', async () => {
    const bench = await refuse({ status: 407, phrase: 'Proxy Authentication Required' });
    const attempt = (index: number, headers: Readonly<Record<string, string>>) =>
      bench.request({ number: index, branch: `z9hG4bK${index}`, callId: `c${index}`, headers });
    for (let index = 1; index <= 40; index += 1) attempt(index, {});
    expect(bench.calls).toHaveLength(40);
    for (let index = 41; index <= 80; index += 1) {
      attempt(index, { 'Proxy-Authorization': 'Digest x="y"' });
      bench.clock.advance(2_000);
    }
    expect(bench.calls).toHaveLength(60);
  });
});

describe('a source that is not known', () => {
  const { tryingHoldMs } = strangerLimits;

  it('never hears anything when it is dropped before the 100 is due, nor do its copies', async () => {
    const bench = await endpointBench();
    bench.request();
    bench.request();
    bench.clock.advance(tryingHoldMs - 1);
    bench.calls[0]?.drop();
    bench.request();
    bench.clock.advance(32_000);
    expect(bench.transport.sent).toEqual([]);
    expect(bench.clock.pending).toBe(0);
  });

  it('has its 100 within the 200 ms of RFC 3261 §17.2.1 all the same, and for copies from then on', async () => {
    const bench = await endpointBench();
    bench.request();
    bench.clock.advance(200);
    expect(bench.answers()).toEqual(['100 Trying']);
    bench.request();
    expect(bench.answers()).toEqual(['100 Trying']);
  });

  it.each([180, 200, 404])('has a %i that comes first in its place', async (status) => {
    const bench = await endpointBench();
    bench.request();
    const [call] = bench.calls;
    const answer = { status, phrase: 'Said' };
    if (status < 200) call?.provisional(answer);
    else if (status < 300) call?.accept(answer);
    else call?.refuse(answer);
    bench.clock.advance(400);
    expect(bench.answers()).toEqual([`${status} Said`]);
  });

  it('has one answer for each request that came: a refusal is not resent to who has heard nothing before', async () => {
    const bench = await refuse({ status: 404, phrase: 'No Trunk Found' });
    bench.request();
    bench.clock.advance(500);
    bench.request();
    bench.clock.advance(32_000);
    expect(bench.answers()).toEqual(['404 No Trunk Found', '404 No Trunk Found']);
    expect(bench.clock.pending).toBe(0);
  });

  it('has a refusal resent until it is acknowledged, as a 100 before it has stopped it from asking', async () => {
    const bench = await endpointBench();
    bench.request();
    bench.clock.advance(tryingHoldMs);
    bench.calls[0]?.refuse({ status: 404, phrase: 'No Trunk Found' });
    bench.clock.advance(32_000);
    expect(bench.answers()).toEqual(['100 Trying', ...Array(11).fill('404 No Trunk Found')]);
  });

  it('is known from its first call that was let in, and has its 100 at once from then on', async () => {
    const bench = await endpointBench();
    bench.request();
    bench.calls[0]?.provisional(ringing);
    bench.answers();
    bench.request({ number: 2, branch: 'z9hG4bK2', callId: 'second' });
    expect(bench.answers()).toEqual(['100 Trying']);
  });

  it('a caller who gives up while the 100 waits is told so', async () => {
    const bench = await endpointBench();
    bench.request();
    bench.request({ method: 'CANCEL', branch: 'z9hG4bK-INVITE-1' });
    bench.clock.advance(200);
    expect(bench.answers()).toEqual(['200 OK', '487 Request Terminated']);
  });

  it('an endpoint that closes meanwhile leaves no timer', async () => {
    const bench = await endpointBench();
    bench.request();
    await bench.endpoint.close();
    expect(bench.clock.pending).toBe(0);
  });
});

describe('scanners', () => {
  const table: [string, RequestOptions, string | null][] = [
    ['a phone', {}, null],
    [
      'by the name of the program',
      { headers: { 'User-Agent': 'friendly-scanner' } },
      'scanner-name',
    ],
    [
      'by the name of the caller',
      { headers: { From: '"sipvicious" <sip:100@192.0.2.1>;tag=1' } },
      'scanner-name',
    ],
    ['by its From', { headers: { From: '<sip:100@1.1.1.1>;tag=1' } }, 'scanner-from'],
    ['by its Via', { headers: { Via: 'SIP/2.0/UDP 0.0.0.0:5060;branch=z9hG4bK1' } }, 'scanner-via'],
    ['by an injection', { headers: { To: "<sip:100'or'1'='1@192.0.2.1>" } }, 'scanner-user'],
    ['a name with an apostrophe', { headers: { From: "<sip:o'neil@192.0.2.1>;tag=1" } }, null],
  ];
  for (const [what, options, rule] of table) {
    it(`${what}: ${rule ?? 'no scanner'}`, async () => {
      expect(scannerRule(requestOf(options))).toBe(rule);
      const bench = await endpointBench((call) => call.provisional(ringing));
      bench.request({ method: 'OPTIONS', ...options });
      expect(bench.answers()).toHaveLength(rule === null ? 1 : 0);
    });
  }
});

describe('the source that routing judges by', () => {
  const proxies = new TrustedProxies(['192.0.2.50', '198.51.100.0/24', '2001:db8::/32']);
  const at = (address: string) => ({ address, port: 5060, transport: 'udp' as const });
  const behind = (...vias: string[]) => {
    const text = requestText().replace(
      /^Via: .*$/m,
      vias.map((via) => `Via: SIP/2.0/UDP ${via};branch=z9hG4bK1`).join('\r\n'),
    );
    const reading = readMessage(Buffer.from(text, 'latin1'));
    if (reading.kind !== 'message' || reading.message.kind !== 'request')
      throw new Error('no request');
    return reading.message;
  };
  const table: [string, string, string[], string][] = [
    [
      'is the peer, whatever the headers say',
      '203.0.113.9',
      ['203.0.113.9', '10.0.0.1;received=192.0.2.1'],
      '203.0.113.9:5060',
    ],
    [
      'is who called a listed proxy',
      '192.0.2.50',
      ['192.0.2.50', '10.0.0.1;received=203.0.113.9;rport=4000'],
      '203.0.113.9:4000',
    ],
    [
      'is the sent-by where nothing was stamped',
      '192.0.2.50',
      ['192.0.2.50', '203.0.113.9:5070'],
      '203.0.113.9:5070',
    ],
    [
      'is who called the last of several listed proxies',
      '192.0.2.50',
      ['192.0.2.50', '198.51.100.7', '203.0.113.9', '10.9.9.9'],
      '203.0.113.9:5060',
    ],
    [
      'is the proxy when a caller has stamped its Via itself, and the proxy again',
      '192.0.2.50',
      ['192.0.2.50', '203.0.113.9;received=203.0.113.99;received=203.0.113.9'],
      '192.0.2.50:5060',
    ],
    ['is the proxy when nobody stands behind it', '192.0.2.50', ['192.0.2.50'], '192.0.2.50:5060'],
    [
      'is the proxy when who called it has no address',
      '192.0.2.50',
      ['192.0.2.50', 'phone.example.com'],
      '192.0.2.50:5060',
    ],
    [
      'may be IPv6',
      '2001:db8::50',
      ['[2001:db8::50]', '[2001:db9::7];received=[2001:db9::8]'],
      '2001:db9::8:5060',
    ],
  ];
  for (const [what, peer, vias, expected] of table) {
    it(what, () => {
      const { address, port } = proxies.sourceOf(behind(...vias), at(peer));
      expect(`${address}:${port}`).toBe(expected);
    });
  }

  it('a list with nonsense in it is refused', () => {
    expect(() => new TrustedProxies(['proxy.example.com'])).toThrow('no address or network');
  });
});
