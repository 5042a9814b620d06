/** Session timers: who refreshes, when, and what ends the session. RFC 4028. */
import { describe, expect, it } from 'vitest';
import { answerBody, endpointBench } from '../endpoint-bench.fake.ts';
import { firstLine, headerOf, peerAddress, responseText } from '../scripted-peer.fake.ts';

/** A call that is up after an INVITE with these headers. */
async function answered(headers: Readonly<Record<string, string>>) {
  const bench = await endpointBench((call) => call.accept(answerBody));
  bench.request({ headers });
  const ok = bench.transport.sent.at(-1)?.text ?? '';
  const toTag = bench.toTag();
  bench.request({ method: 'ACK', toTag, branch: 'z9hG4bK-ack' });
  bench.answers();
  bench.heard.length = 0;
  const last = () => bench.transport.sent.at(-1)?.text ?? '';
  /** Answers our last request. */
  const reply = async (status: number, extra = '') => {
    bench.transport.deliver(responseText(last(), status, 'Reply', extra), peerAddress);
    await settle();
  };
  return { bench, ok, toTag, last, reply };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

describe('the answer to an INVITE (RFC 4028 §9, table 2)', () => {
  const timer = { Supported: 'timer' };
  const table: [string, Readonly<Record<string, string>>, string[], string[]][] = [
    ['the caller knows no timers', {}, [], []],
    ['the caller knows them: it refreshes', timer, ['1800;refresher=uac'], ['timer']],
    [
      'the caller asks for an interval',
      { ...timer, 'Session-Expires': '600' },
      ['600;refresher=uac'],
      ['timer'],
    ],
    [
      'the caller asks for a long one',
      { ...timer, 'Session-Expires': '7200' },
      ['1800;refresher=uac'],
      ['timer'],
    ],
    [
      'the caller wants us to refresh',
      { ...timer, 'Session-Expires': '600;refresher=uas' },
      ['600;refresher=uas'],
      [],
    ],
    [
      'a proxy asks, the caller knows none',
      { 'Session-Expires': '600' },
      ['600;refresher=uas'],
      [],
    ],
    [
      'a proxy asks for less than 90 s, the caller knows none',
      { 'Session-Expires': '30' },
      ['90;refresher=uas'],
      [],
    ],
    [
      'Min-SE is above our interval',
      { ...timer, 'Min-SE': '3600' },
      ['3600;refresher=uac'],
      ['timer'],
    ],
    [
      'compact, with a refresher in capitals',
      { ...timer, x: '300;Refresher=UAS' },
      ['300;refresher=uas'],
      [],
    ],
    [
      'nonsense is ignored',
      { ...timer, 'Session-Expires': 'soon' },
      ['1800;refresher=uac'],
      ['timer'],
    ],
  ];
  for (const [what, headers, expires, require] of table) {
    it(`${what}: ${expires[0] ?? 'no timer'}`, async () => {
      const { ok } = await answered(headers);
      expect(headerOf(ok, 'Session-Expires')).toEqual(expires);
      expect(headerOf(ok, 'Require')).toEqual(require);
    });
  }

  it('less than 90 s from a caller who knows: 422 with Min-SE, no call', async () => {
    const bench = await endpointBench();
    bench.request({ headers: { Supported: 'timer', 'Session-Expires': '60' } });
    expect(bench.answers()).toEqual(['422 Session Interval Too Small']);
    expect(headerOf(bench.transport.sent[0]?.text ?? '', 'Min-SE')).toEqual(['90']);
    expect(bench.calls).toEqual([]);
  });
});

describe('when the caller refreshes', () => {
  it('and does not, the session expires 32 s before its end', async () => {
    const { bench } = await answered({ Supported: 'timer', 'Session-Expires': '600' });
    bench.clock.advance(567_999);
    expect(bench.heard).toEqual([]);
    bench.clock.advance(1);
    expect(bench.heard).toEqual(['session expired']);
    expect(bench.clock.pending).toBe(0);
  });

  it('a third before its end when it is short', async () => {
    const { bench } = await answered({ Supported: 'timer', 'Session-Expires': '90' });
    bench.clock.advance(60_000);
    expect(bench.heard).toEqual(['session expired']);
  });

  it('each UPDATE or re-INVITE starts it anew', async () => {
    const { bench, toTag } = await answered({ Supported: 'timer', 'Session-Expires': '90' });
    const headers = { Supported: 'timer', 'Session-Expires': '90;refresher=uac' };
    bench.clock.advance(50_000);
    bench.request({ method: 'UPDATE', number: 2, toTag, headers });
    expect(headerOf(bench.transport.sent.at(-1)?.text ?? '', 'Session-Expires')).toEqual([
      '90;refresher=uac',
    ]);
    bench.clock.advance(50_000);
    bench.request({ method: 'INVITE', number: 3, toTag, headers });
    bench.request({ method: 'ACK', number: 3, toTag, branch: 'z9hG4bK-ack-3' });
    bench.clock.advance(59_000);
    expect(bench.heard.filter((event) => event === 'session expired')).toEqual([]);
    bench.clock.advance(1_000);
    expect(bench.heard.at(-1)).toBe('session expired');
  });
});

describe('when we refresh', () => {
  const ours = { Supported: 'timer', 'Session-Expires': '600;refresher=uas' };

  it('UPDATE goes out at half the interval if the caller allows it', async () => {
    const { bench, last, reply } = await answered({ ...ours, Allow: 'INVITE, UPDATE' });
    bench.clock.advance(300_000);
    expect(bench.answers()).toEqual(['UPDATE sip:ann@192.0.2.7:5070']);
    expect(headerOf(last(), 'Session-Expires')).toEqual(['600;refresher=uac']);
    expect(headerOf(last(), 'Content-Length')).toEqual(['0']);
    await reply(200, 'Session-Expires: 600;refresher=uac\r\n');
    bench.clock.advance(299_000);
    expect(bench.answers()).toEqual([]);
    bench.clock.advance(1_000);
    expect(bench.answers()).toEqual(['UPDATE sip:ann@192.0.2.7:5070']);
    await reply(200, 'Session-Expires: 600;refresher=uac\r\n');
    expect(bench.heard).toEqual([]);
  });

  it('else a re-INVITE with the description that stands, acknowledged, each copy of its 200 too', async () => {
    const { bench, last, reply } = await answered(ours);
    bench.clock.advance(300_000);
    expect(bench.answers()).toEqual(['INVITE sip:ann@192.0.2.7:5070']);
    const invite = last();
    expect(invite.endsWith('\r\n\r\nv=0\r\n')).toBe(true);
    await reply(200, 'Session-Expires: 600;refresher=uac\r\n');
    expect(bench.answers()).toEqual(['ACK sip:ann@192.0.2.7:5070']);
    expect(headerOf(last(), 'CSeq')[0]).toBe(headerOf(invite, 'CSeq')[0]?.replace('INVITE', 'ACK'));
    bench.transport.deliver(responseText(invite, 200), peerAddress);
    expect(bench.answers()).toEqual(['ACK sip:ann@192.0.2.7:5070']);
    expect(bench.heard).toEqual([]);
  });

  it('a re-INVITE of theirs meanwhile is answered 491, and ours refused so is sent again within 2 s (RFC 3261 §14)', async () => {
    const { bench, toTag, reply } = await answered(ours);
    bench.clock.advance(300_000);
    bench.answers();
    bench.request({ method: 'INVITE', number: 2, toTag });
    expect(bench.answers()).toEqual(['491 Request Pending']);
    bench.request({ method: 'ACK', number: 2, toTag, branch: 'z9hG4bK-INVITE-2' });
    const invite = bench.transport.sent.findLast(({ text }) =>
      firstLine(text).startsWith('INVITE'),
    );
    bench.transport.deliver(responseText(invite?.text ?? '', 491), peerAddress);
    await settle();
    expect(bench.answers()).toEqual(['ACK sip:ann@192.0.2.7:5070']);
    bench.clock.advance(2_000);
    expect(bench.answers()[0]).toBe('INVITE sip:ann@192.0.2.7:5070');
    await reply(200);
    expect(bench.heard).toEqual([]);
  });

  it('an UPDATE that is not known after all becomes a re-INVITE', async () => {
    const { bench, reply } = await answered({ ...ours, Allow: 'UPDATE' });
    bench.clock.advance(300_000);
    await reply(501);
    expect(bench.answers()).toEqual([
      'UPDATE sip:ann@192.0.2.7:5070',
      'INVITE sip:ann@192.0.2.7:5070',
    ]);
  });

  it('a peer that says when to come again is asked then (RFC 3261 §20.33)', async () => {
    const { bench, reply } = await answered({ ...ours, Allow: 'UPDATE' });
    bench.clock.advance(300_000);
    await reply(500, 'Retry-After: 7 (glare);duration=3600\r\n');
    bench.clock.advance(6_999);
    expect(bench.answers()).toHaveLength(1);
    bench.clock.advance(1);
    expect(bench.answers()).toEqual(['UPDATE sip:ann@192.0.2.7:5070']);
  });

  it('422 raises the interval, and a peer that only says 422 is not asked for ever', async () => {
    const { bench, last, reply } = await answered({ ...ours, Allow: 'UPDATE' });
    bench.clock.advance(300_000);
    await reply(422, 'Min-SE: 900\r\n');
    expect(headerOf(last(), 'Session-Expires')).toEqual(['900;refresher=uac']);
    for (let round = 0; round < 20; round += 1) await reply(422, 'Min-SE: 900\r\n');
    expect(bench.answers()).toHaveLength(4);
  });

  it('an interval beyond a day is none: neither side is asked back to back, nor hung up at once', async () => {
    const { bench, reply } = await answered({ ...ours, Allow: 'UPDATE' });
    bench.clock.advance(300_000);
    await reply(200, 'Session-Expires: 99999999;refresher=uac\r\n');
    bench.answers();
    bench.clock.advance(43_199_000);
    expect(bench.answers()).toEqual([]);
    bench.clock.advance(1_000);
    expect(bench.answers()).toEqual(['UPDATE sip:ann@192.0.2.7:5070']);
    const { ok } = await answered({ Supported: 'timer', 'Min-SE': '999999999' });
    expect(headerOf(ok, 'Session-Expires')).toEqual(['86400;refresher=uac']);
  });

  it('a refresh of theirs takes the place of one that we meant to send again', async () => {
    const { bench, toTag, reply } = await answered({ ...ours, Allow: 'UPDATE' });
    bench.clock.advance(300_000);
    await reply(491);
    bench.answers();
    const headers = { Supported: 'timer', 'Session-Expires': '600;refresher=uac' };
    bench.request({ method: 'UPDATE', number: 2, toTag, headers });
    bench.clock.advance(300_000);
    expect(bench.answers()).toEqual(['200 OK']);
  });

  it.each(['UPDATE', ''])(
    'the 2xx moves the target, with or without UPDATE (RFC 3261 §12.2.1.2): Allow "%s"',
    async (allow) => {
      const { bench, reply } = await answered({ ...ours, Allow: allow });
      bench.clock.advance(300_000);
      bench.answers();
      await reply(200, 'Contact: <sip:moved@192.0.2.7:5099>\r\n');
      void bench.calls[0]?.bye();
      const moved = bench.answers();
      expect(moved.at(-1)).toBe('BYE sip:moved@192.0.2.7:5099');
      expect(moved.filter((line) => line.includes('ann@'))).toEqual([]);
      expect(bench.states.at(-1)?.target).toBe('sip:moved@192.0.2.7:5099');
    },
  );

  it('the answer in the 200 to a re-INVITE reaches the call: the phone may have moved its media', async () => {
    const { bench, last } = await answered(ours);
    bench.clock.advance(300_000);
    const ok = responseText(last(), 200, 'OK', 'Content-Type: application/sdp\r\n');
    const answer = ok.replace('Content-Length: 0\r\n\r\n', 'Content-Length: 5\r\n\r\nv=0\r\n');
    bench.transport.deliver(answer, peerAddress);
    await settle();
    expect(bench.heard).toEqual(['answer 5']);
  });

  it.each([408, 481])('%i ends the session', async (status) => {
    const { bench, reply } = await answered({ ...ours, Allow: 'UPDATE' });
    bench.clock.advance(300_000);
    await reply(status);
    expect(bench.heard).toEqual(['session expired']);
  });

  it('silence ends the session', async () => {
    const { bench } = await answered({ ...ours, Allow: 'UPDATE' });
    bench.clock.advance(332_000);
    await settle();
    expect(bench.heard).toEqual(['session expired']);
  });

  it('a BYE stops it all', async () => {
    const { bench, toTag } = await answered({ ...ours, Allow: 'UPDATE' });
    bench.request({ method: 'BYE', number: 2, toTag });
    bench.answers();
    bench.clock.advance(1_000_000);
    expect(bench.answers()).toEqual([]);
    expect(bench.clock.pending).toBe(0);
  });
});
