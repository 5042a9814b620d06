/** The life of an answered call as its wire shows it. RFC 3261 §12, §13.3, §15. */
import { describe, expect, it } from 'vitest';
import { answerBody, type EndpointBench, endpointBench } from '../endpoint-bench.fake.ts';
import { firstLine, headerOf, peerAddress, responseText } from '../scripted-peer.fake.ts';

const accepting = () => endpointBench((call) => call.accept(answerBody));

/** INVITE, 200, ACK: a call that is up, its first messages forgotten. */
async function answered(headers: Readonly<Record<string, string>> = {}): Promise<EndpointBench> {
  const bench = await accepting();
  bench.request({ headers });
  bench.request({ method: 'ACK', toTag: bench.toTag(), branch: 'z9hG4bK-ack' });
  bench.answers();
  bench.heard.length = 0;
  return bench;
}

const inDialog = (bench: EndpointBench, method: string, number = 2) =>
  bench.request({ method, number, toTag: bench.toTag() });

const last = (bench: EndpointBench) => bench.transport.sent.at(-1) ?? { text: '', to: null };

describe('the 200', () => {
  it('is resent at 0.5, 1.5, 3.5, ... 31.5 s, then the ACK is missed (RFC 3261 §13.3.1.4)', async () => {
    const bench = await accepting();
    bench.request();
    bench.clock.advance(100_000);
    const instants = bench.transport.sent
      .filter(({ text }) => firstLine(text) === '200 OK')
      .map(({ atMono }) => atMono);
    expect(instants).toEqual([
      0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
    ]);
    expect(bench.heard).toEqual(['ack missing']);
  });

  it('is resent on TCP too: the ACK comes from end to end', async () => {
    const bench = await endpointBench((call) => call.accept(answerBody), true);
    bench.request();
    bench.clock.advance(600);
    expect(bench.answers()).toEqual(['200 OK', '200 OK']);
  });

  it('stops at the ACK, whatever branch that has', async () => {
    for (const branch of ['z9hG4bK-new', 'z9hG4bK-INVITE-1']) {
      const bench = await accepting();
      bench.request();
      bench.request({ method: 'ACK', toTag: bench.toTag(), branch, body: 'v=0\r\n' });
      bench.answers();
      bench.clock.advance(31_000);
      expect(bench.heard).toEqual(['ack 5']);
      expect(bench.answers()).toEqual([]);
    }
  });

  it('does not stop at an ACK with another number or tag', async () => {
    const bench = await accepting();
    bench.request();
    const toTag = bench.toTag();
    bench.request({ method: 'ACK', toTag, number: 2, branch: 'z9hG4bK-x' });
    bench.request({ method: 'ACK', toTag: 'other', branch: 'z9hG4bK-y' });
    expect(bench.heard).toEqual([]);
  });

  it('carries tag, Contact, Allow, the Record-Route of the INVITE and the headers of the call', async () => {
    const bench = await endpointBench((call) =>
      call.accept({ ...answerBody, headers: [{ name: 'X-Room', value: 'Grün' }] }),
    );
    bench.request({
      headers: { 'Record-Route': '<sip:p2.example.com;lr>, <sip:p1.example.com;lr>' },
    });
    const { text } = last(bench);
    expect(headerOf(text, 'To')[0]).toMatch(/;tag=[0-9a-f]{24}$/);
    expect(headerOf(text, 'Contact')).toEqual(['<sip:192.0.2.1:5060>']);
    expect(headerOf(text, 'Record-Route')).toEqual([
      '<sip:p2.example.com;lr>, <sip:p1.example.com;lr>',
    ]);
    expect(Buffer.from(headerOf(text, 'X-Room')[0] ?? '', 'latin1').toString('utf8')).toBe('Grün');
    expect(headerOf(text, 'Content-Length')).toEqual(['5']);
    expect(text.endsWith('\r\n\r\nv=0\r\n')).toBe(true);
  });

  it('never carries a line that the call smuggles in; the call is told in the log', async () => {
    const bench = await endpointBench((call) =>
      call.accept({
        ...answerBody,
        headers: [
          { name: 'X-A', value: 'a\r\nX-Evil: 1' },
          { name: 'X-B\r\nX-Evil', value: '1' },
          { name: 'Via', value: 'SIP/2.0/UDP evil' },
          { name: 'X-C', value: '\u010d\u010aX-Evil: 1' },
        ],
      }),
    );
    bench.request();
    const { text } = last(bench);
    expect(firstLine(text)).toBe('200 OK');
    expect(headerOf(text, 'X-Evil')).toEqual([]);
    expect(headerOf(text, 'Via')).toHaveLength(1);
    expect(bench.logged.map(({ event, fields }) => [event, fields['names']])).toEqual([
      ['sip-header-left-out', ['X-A', 'X-B\r\nX-Evil', 'Via']],
    ]);
  });
});

describe('the first answer decides', () => {
  it('and whatever the call says later is not sent', async () => {
    const bench = await accepting();
    bench.request();
    bench.answers();
    const [call] = bench.calls;
    call?.provisional({ status: 180, phrase: 'Ringing' });
    call?.refuse({ status: 486, phrase: 'Busy Here' });
    call?.accept(answerBody);
    call?.drop();
    expect(bench.answers()).toEqual([]);
  });

  it('a refusal is acknowledged by its transaction and the call is gone', async () => {
    const bench = await endpointBench((call) => call.refuse({ status: 486, phrase: 'Busy Here' }));
    bench.request();
    bench.request({ method: 'ACK', toTag: bench.toTag(), branch: 'z9hG4bK-INVITE-1' });
    bench.clock.advance(5_000);
    expect(bench.answers()).toEqual(['486 Busy Here']);
    expect(bench.heard).toEqual([]);
    expect(bench.clock.pending).toBe(0);
  });
});

describe('BYE from the caller', () => {
  it('is answered 200, told with its Reason, and answered again when its copy comes', async () => {
    const bench = await answered();
    const options = {
      method: 'BYE',
      number: 2,
      toTag: bench.toTag(),
      headers: { Reason: 'Q.850;cause=16' },
    };
    bench.request(options);
    bench.request(options);
    expect(bench.heard).toEqual(['bye Q.850;cause=16']);
    expect(bench.answers()).toEqual(['200 OK', '200 OK']);
    expect(bench.endpoint.stats().dialogs).toBe(0);
    bench.clock.advance(32_000);
    expect(bench.clock.pending).toBe(0);
  });

  it('before the ACK ends the call and the resending', async () => {
    const bench = await accepting();
    bench.request();
    inDialog(bench, 'BYE');
    bench.answers();
    bench.clock.advance(10_000);
    expect(bench.heard).toEqual(['bye']);
    expect(bench.answers()).toEqual([]);
  });

  it('before the 200 counts as CANCEL (RFC 3261 §15)', async () => {
    const bench = await endpointBench((call) =>
      call.provisional({ status: 180, phrase: 'Ringing' }),
    );
    bench.request();
    bench.answers();
    inDialog(bench, 'BYE');
    expect(bench.heard).toEqual(['cancel']);
    expect(bench.answers()).toEqual(['200 OK', '487 Request Terminated']);
  });

  it('with a number that is not higher is answered 500 and changes nothing (RFC 3261 §12.2.2)', async () => {
    const bench = await answered();
    inDialog(bench, 'BYE', 1);
    expect(bench.answers()).toEqual(['500 CSeq Out Of Order']);
    expect(bench.heard).toEqual([]);
    inDialog(bench, 'BYE', 7);
    expect(bench.heard).toEqual(['bye']);
  });

  it('after the call is over is answered 481', async () => {
    const bench = await answered();
    inDialog(bench, 'BYE', 2);
    bench.answers();
    inDialog(bench, 'BYE', 3);
    expect(bench.answers()).toEqual(['481 Call/Transaction Does Not Exist']);
  });
});

describe('our BYE', () => {
  it('goes to the Contact with the next number, tags the right way round, and resolves at the answer', async () => {
    const bench = await answered();
    let isOver = false;
    const over = bench.calls[0]?.bye([{ name: 'Reason', value: 'Q.850;cause=16' }]).then(() => {
      isOver = true;
    });
    await settle();
    const { text, to } = last(bench);
    expect(to).toEqual(peerAddress);
    expect(firstLine(text)).toBe('BYE sip:ann@192.0.2.7:5070');
    expect(headerOf(text, 'To')).toEqual(['"Ann" <sip:+15550199@192.0.2.7>;tag=a1']);
    expect(headerOf(text, 'From')).toEqual([`<sip:+15550100@192.0.2.1>;tag=${bench.toTag()}`]);
    expect(headerOf(text, 'Reason')).toEqual(['Q.850;cause=16']);
    expect(headerOf(text, 'Via')[0]).toMatch(
      /^SIP\/2\.0\/UDP 192\.0\.2\.1:5060;branch=z9hG4bK[0-9a-f]{24};rport$/,
    );
    expect(isOver).toBe(false);
    bench.transport.deliver(responseText(text, 200), peerAddress);
    await over;
    expect(bench.endpoint.stats().dialogs).toBe(0);
    bench.clock.advance(5_000);
    expect(bench.endpoint.stats().transactions).toBe(1); // The INVITE's, until 32 s.
    bench.clock.advance(27_000);
    expect(bench.clock.pending).toBe(0);
  });

  it('waits for the ACK (RFC 3261 §15)', async () => {
    const bench = await accepting();
    bench.request();
    const toTag = bench.toTag();
    bench.answers();
    void bench.calls[0]?.bye();
    await settle();
    expect(bench.answers()).toEqual([]);
    bench.request({ method: 'ACK', toTag, branch: 'z9hG4bK-ack' });
    await settle();
    expect(bench.answers()).toEqual(['BYE sip:ann@192.0.2.7:5070']);
  });

  it('goes out when the ACK never comes, and is given up after 32 s more', async () => {
    const bench = await accepting();
    bench.request();
    const over = bench.calls[0]?.bye();
    bench.clock.advance(32_000);
    await settle();
    expect(bench.answers().at(-1)).toBe('BYE sip:ann@192.0.2.7:5070');
    bench.clock.advance(32_000);
    await over;
    expect(bench.heard).toEqual(['ack missing']);
    expect(bench.endpoint.stats()).toMatchObject({ transactions: 0, dialogs: 0 });
    expect(bench.clock.pending).toBe(0);
  });

  it('that crosses theirs: both are answered, and nobody hears of it twice', async () => {
    const bench = await answered();
    const over = bench.calls[0]?.bye();
    await settle();
    const { text } = last(bench);
    inDialog(bench, 'BYE');
    bench.transport.deliver(responseText(text, 481, 'Gone'), peerAddress);
    await over;
    expect(bench.heard).toEqual([]);
    expect(bench.answers()).toEqual(['BYE sip:ann@192.0.2.7:5070', '200 OK']);
  });

  it('is not ended by an answer from elsewhere, with another sent-by or another branch', async () => {
    const bench = await answered();
    let isOver = false;
    void bench.calls[0]?.bye().then(() => {
      isOver = true;
    });
    await settle();
    const answer = responseText(last(bench).text, 200);
    bench.transport.deliver(answer, { address: '203.0.113.9', port: 5060 });
    bench.transport.deliver(
      answer.replace('192.0.2.1:5060;branch', 'evil.example;branch'),
      peerAddress,
    );
    bench.transport.deliver(
      answer.replace(/branch=z9hG4bK[0-9a-f]{4}/, 'branch=z9hG4bK0000'),
      peerAddress,
    );
    await settle();
    expect(isOver).toBe(false);
    bench.transport.deliver(answer, { ...peerAddress, port: 9 });
    await settle();
    expect(isOver).toBe(true);
  });

  it('shows no credentials to a peer that asks for some, and is over (digest leak)', async () => {
    for (const status of [401, 407]) {
      const bench = await answered();
      const over = bench.calls[0]?.bye();
      await settle();
      const challenge = 'WWW-Authenticate: Digest realm="x",nonce="y"\r\n';
      bench.transport.deliver(responseText(last(bench).text, status, 'No', challenge), peerAddress);
      await over;
      expect(bench.answers()).toEqual(['BYE sip:ann@192.0.2.7:5070']);
      expect(bench.endpoint.stats().dialogs).toBe(0);
    }
  });

  it('resolves when it cannot be sent', async () => {
    const bench = await answered();
    bench.transport.failure = 'network is unreachable';
    const over = bench.calls[0]?.bye();
    await settle();
    bench.clock.advance(0);
    await over;
    expect(bench.endpoint.stats().dialogs).toBe(0);
    expect(bench.logged.at(-1)).toEqual({
      event: 'sip-not-sent',
      fields: { why: 'network is unreachable' },
    });
  });

  it('resolves when the endpoint closes', async () => {
    const bench = await answered();
    const over = bench.calls[0]?.bye();
    await settle();
    await bench.endpoint.close();
    await over;
    expect(bench.clock.pending).toBe(0);
  });
});

describe('the connection of a call', () => {
  it('is held from the INVITE to the end of the dialog, and no longer', async () => {
    const bench = await endpointBench((call) => call.accept(answerBody), true);
    bench.request();
    expect(bench.transport.held).toBe(1);
    bench.request({ method: 'ACK', toTag: bench.toTag(), branch: 'z9hG4bK-ack' });
    inDialog(bench, 'OPTIONS');
    expect(bench.transport.held).toBe(1);
    inDialog(bench, 'BYE', 3);
    expect(bench.transport.held).toBe(0);
    await bench.endpoint.close();
    expect(bench.transport.held).toBe(0);
  });

  it('is let go of with a refusal, and when the endpoint closes', async () => {
    const bench = await endpointBench((call) => {
      if (call.invite.callId === 'refused') call.refuse({ status: 486, phrase: 'Busy Here' });
    }, true);
    bench.request({ callId: 'refused' });
    expect(bench.transport.held).toBe(0);
    bench.request();
    await bench.endpoint.close();
    expect(bench.transport.held).toBe(0);
  });
});

describe('other requests of the dialog', () => {
  const table: [string, string][] = [
    ['OPTIONS', '200 OK'],
    ['INFO', '200 OK'],
    ['MESSAGE', '405 Method Not Allowed'],
  ];
  for (const [method, answer] of table) {
    it(`${method}: ${answer}, and the call lives`, async () => {
      const bench = await answered();
      inDialog(bench, method);
      expect(bench.answers()).toEqual([answer]);
      expect(bench.heard).toEqual([]);
      expect(bench.endpoint.stats().dialogs).toBe(1);
    });
  }
});

it('tells the call when its answer cannot be sent', async () => {
  const bench = await endpointBench((call) => call.provisional({ status: 180, phrase: 'Ringing' }));
  bench.request();
  bench.transport.failure = 'network is unreachable';
  bench.calls[0]?.refuse({ status: 486, phrase: 'Busy Here' });
  bench.calls[0]?.accept(answerBody);
  bench.clock.advance(0);
  expect(bench.endpoint.stats()).toMatchObject({ transactions: 0, dialogs: 0 });
});

/** Lets promises that are due run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}
