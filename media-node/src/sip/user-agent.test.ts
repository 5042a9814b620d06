/** What the endpoint answers by itself, and what it hands to a call. */

import { readFileSync } from 'node:fs';
import { strangerLimits } from '@callgate/shared/limits.ts';
import { describe, expect, it } from 'vitest';
import { answerBody, endpointBench } from './endpoint-bench.fake.ts';
import { firstLine, headerOf, peerAddress, requestText, toTagOf } from './scripted-peer.fake.ts';

const crasher = (name: string) =>
  readFileSync(new URL(`wire/testdata/crashers/${name}.dat`, import.meta.url));

describe('a new INVITE', () => {
  it('reaches the call, and is answered 100 without a To tag', async () => {
    const bench = await endpointBench();
    bench.request({ headers: { Timestamp: '54' } });
    bench.clock.advance(strangerLimits.tryingHoldMs);
    const [trying] = bench.transport.sent;
    expect(firstLine(trying?.text ?? '')).toBe('100 Trying');
    expect(toTagOf(trying?.text ?? '')).toBe('');
    expect(headerOf(trying?.text ?? '', 'Timestamp')).toEqual(['54']);
    expect(bench.calls).toHaveLength(1);
    expect(bench.calls[0]?.invite).toMatchObject({
      source: { address: '192.0.2.7', port: 5070, transport: 'udp' },
      local: { address: '192.0.2.1', port: 5060 },
      requestUri: 'sip:+15550100@192.0.2.1',
      request: { user: '+15550100', host: '192.0.2.1' },
      from: { user: '+15550199', host: '192.0.2.7', tag: 'a1', displayName: 'Ann' },
      to: { user: '+15550100', host: '192.0.2.1' },
      callId: 'call-1',
      contentType: 'application/sdp',
      credentials: null,
    });
  });

  it('absorbs copies and answers each with the last answer', async () => {
    const bench = await endpointBench((call) =>
      call.provisional({ status: 180, phrase: 'Ringing' }),
    );
    bench.request();
    bench.request();
    bench.request();
    expect(bench.calls).toHaveLength(1);
    expect(bench.answers()).toEqual(['180 Ringing', '180 Ringing', '180 Ringing']);
  });

  it('of the same Call-ID and From tag with credentials is a call of its own', async () => {
    const bench = await endpointBench((call) => {
      if (call.invite.credentials === null)
        call.refuse({ status: 407, phrase: 'Proxy Authentication Required' });
    });
    bench.request();
    bench.request({ number: 2, headers: { 'Proxy-Authorization': 'Digest username="u"' } });
    expect(bench.calls.map(({ invite }) => invite.credentials)).toEqual([
      null,
      { header: 'proxy-authorization', value: 'Digest username="u"' },
    ]);
    expect(bench.calls[1]?.invite.headers.map(({ name }) => name)).not.toContain(
      'Proxy-Authorization',
    );
  });

  it('by another path is refused 482', async () => {
    const bench = await endpointBench();
    bench.request();
    bench.request({ branch: 'z9hG4bK-other-path' });
    expect(bench.calls).toHaveLength(1);
    expect(bench.answers()).toEqual(['482 Loop Detected']);
  });

  it('that makes the call throw is answered 500', async () => {
    const bench = await endpointBench(() => {
      throw new Error('a fault of the call');
    });
    bench.request();
    expect(bench.answers()).toEqual(['500 Server Internal Error']);
    expect(bench.logged[0]?.event).toBe('sip-fault');
  });

  it('that the call never answers is given up after the longest ringing, and nothing is left', async () => {
    const bench = await endpointBench();
    bench.request();
    bench.clock.advance(700_000);
    expect(bench.heard).toEqual([
      'failed: the INVITE outlived its transaction without a final answer',
    ]);
    expect(bench.endpoint.stats()).toMatchObject({ transactions: 0, dialogs: 0 });
    expect(bench.clock.pending).toBe(0);
  });

  it('is over when the time has passed that it gives us (RFC 3261 §13.3.1)', async () => {
    const bench = await endpointBench((call) =>
      call.provisional({ status: 180, phrase: 'Ringing' }),
    );
    bench.request({ headers: { Expires: '30' } });
    bench.clock.advance(29_999);
    expect(bench.heard).toEqual([]);
    bench.clock.advance(1);
    expect(bench.heard).toEqual(['cancel']);
    expect(bench.answers().at(-1)).toBe('487 Request Terminated');
  });

  it.each(['0', '999999999', 'soon'])('with Expires: %s has no such time', async (value) => {
    const bench = await endpointBench((call) =>
      call.provisional({ status: 180, phrase: 'Ringing' }),
    );
    bench.request({ headers: { Expires: value } });
    bench.clock.advance(300_000);
    expect(bench.heard).toEqual([]);
  });

  it('that is answered in time forgets it', async () => {
    const bench = await endpointBench((call) => call.accept(answerBody));
    bench.request({ headers: { Expires: '30' } });
    bench.request({ method: 'ACK', toTag: bench.toTag(), branch: 'z9hG4bK-ack' });
    bench.clock.advance(31_000);
    expect(bench.heard).toEqual(['ack']);
  });

  it('is one with its copies, whatever port they come from; the same branch with another method is another request', async () => {
    const bench = await endpointBench((call) =>
      call.provisional({ status: 180, phrase: 'Ringing' }),
    );
    bench.request();
    bench.request({}, { ...peerAddress, port: 9_999 });
    expect(bench.calls).toHaveLength(1);
    bench.answers();
    // The same branch with another method is another transaction (RFC 3261 §17.2.3).
    bench.request({ method: 'OPTIONS', branch: 'z9hG4bK-INVITE-1' });
    expect(bench.answers()).toEqual(['200 OK']);
    expect(bench.calls).toHaveLength(1);
  });

  it('is dropped in silence when the call says so, copies and CANCEL too', async () => {
    const bench = await endpointBench((call) => call.drop());
    bench.request();
    bench.answers();
    bench.request();
    bench.request({ method: 'CANCEL', branch: 'z9hG4bK-INVITE-1' });
    bench.clock.advance(32_000);
    expect(bench.answers()).toEqual([]);
    expect(bench.calls).toHaveLength(1);
    expect(bench.clock.pending).toBe(0);
  });
});

describe('answers go back the way RFC 3581 says', () => {
  const nat = { address: '198.51.100.4', port: 40_000 };

  it('to the source port when the client asks for rport, which it is told', async () => {
    const bench = await endpointBench();
    bench.request(
      { method: 'OPTIONS', headers: { Via: 'SIP/2.0/UDP 10.0.0.4:5060;rport;branch=z9hG4bK1' } },
      nat,
    );
    expect(bench.transport.sent[0]?.to).toEqual(nat);
    expect(headerOf(bench.transport.sent[0]?.text ?? '', 'Via')).toEqual([
      'SIP/2.0/UDP 10.0.0.4:5060;rport=40000;branch=z9hG4bK1;received=198.51.100.4',
    ]);
  });

  it('to the source port behind a NAT in any case, never to the address of sent-by or maddr', async () => {
    const bench = await endpointBench();
    const via = 'SIP/2.0/UDP 10.0.0.4;maddr=203.0.113.1;branch=z9hG4bK1';
    bench.request({ method: 'OPTIONS', headers: { Via: via } }, nat);
    expect(bench.transport.sent[0]?.to).toEqual(nat);
  });

  it('to the port of sent-by where there is no NAT: a client may listen elsewhere than it sends from', async () => {
    const bench = await endpointBench();
    const via = `SIP/2.0/UDP ${nat.address}:5062;branch=z9hG4bK1`;
    bench.request({ method: 'OPTIONS', headers: { Via: via } }, nat);
    expect(bench.transport.sent[0]?.to).toEqual({ address: nat.address, port: 5062 });
  });
});

describe('without a call it answers', () => {
  const table: [string, Parameters<typeof requestText>[0], string][] = [
    ['OPTIONS', { method: 'OPTIONS' }, '200 OK'],
    ['a method it does not have', { method: 'REGISTER' }, '405 Method Not Allowed'],
    ['INFO without a dialog', { method: 'INFO' }, '481 Call/Transaction Does Not Exist'],
    [
      'BYE of an unknown dialog',
      { method: 'BYE', toTag: 'x' },
      '481 Call/Transaction Does Not Exist',
    ],
    ['INVITE of an unknown dialog', { toTag: 'x' }, '481 Call/Transaction Does Not Exist'],
    ['CANCEL of nothing', { method: 'CANCEL' }, '481 Call/Transaction Does Not Exist'],
    ['Max-Forwards 0', { headers: { 'Max-Forwards': '0' } }, '483 Too Many Hops'],
    ['an extension it lacks', { headers: { Require: 'nothingWeKnow' } }, '420 Bad Extension'],
    ['a scheme it lacks', { uri: 'soap.beep://192.0.2.103:3002' }, '416 Unsupported URI Scheme'],
    [
      'headers in the Request-URI',
      { uri: 'sip:b@example.com?Route=%3Csip:x%3E' },
      '400 Bad Request-URI',
    ],
    ['a packed body', { headers: { 'Content-Encoding': 'gzip' } }, '415 Unsupported Media Type'],
    ['Contact: tel', { headers: { Contact: '<tel:+15550199>' } }, '400 Bad Contact'],
    ['Contact: *', { headers: { Contact: '*' } }, '400 Bad Contact'],
    [
      'a Record-Route that is none',
      { headers: { 'Record-Route': '<sip:p' } },
      '400 Bad Record-Route',
    ],
    ['a malformed CSeq', { headers: { CSeq: '1 BYE' } }, '400 Bad Request (cseq)'],
    ['Max-Forwards 256', { headers: { 'Max-Forwards': '256' } }, '400 Bad Request (max-forwards)'],
  ];
  for (const [what, request, answer] of table) {
    it(`${what}: ${answer}`, async () => {
      const bench = await endpointBench();
      bench.request(request);
      expect(bench.answers()).toEqual([answer]);
      expect(bench.calls).toEqual([]);
      expect(bench.endpoint.stats()).toMatchObject({ transactions: 0, dialogs: 0 });
      expect(bench.clock.pending).toBe(0);
    });
  }

  it('says what it can do in OPTIONS and 405', async () => {
    const bench = await endpointBench();
    bench.request({ method: 'OPTIONS' });
    bench.request({ method: 'PUBLISH' });
    const [options, refusal] = bench.transport.sent.map(({ text }) => text);
    expect(headerOf(options ?? '', 'Allow')[0]).toMatch(/^INVITE, ACK, CANCEL, BYE/);
    expect(headerOf(options ?? '', 'Accept')[0]).toMatch(/^application\/sdp/);
    expect(headerOf(options ?? '', 'Accept-Encoding')).toEqual(['identity']);
    expect(headerOf(options ?? '', 'Accept-Language')).toEqual(['en']);
    expect(headerOf(refusal ?? '', 'Allow')).toEqual(headerOf(options ?? '', 'Allow'));
  });

  it('names the extension in Unsupported', async () => {
    const bench = await endpointBench();
    bench.request({ headers: { Require: 'nothingWeKnow, norThis' } });
    expect(headerOf(bench.transport.sent[0]?.text ?? '', 'Unsupported')).toEqual([
      'nothingWeKnow, norThis',
    ]);
  });

  it('505 to another version of SIP', async () => {
    const bench = await endpointBench();
    bench.transport.deliver(
      requestText({ method: 'OPTIONS' }).replace('SIP/2.0\r\n', 'SIP/7.0\r\n'),
      peerAddress,
    );
    expect(bench.answers()).toEqual(['505 Version Not Supported (version)']);
  });

  const silent: [string, string][] = [
    ['a malformed ACK', requestText({ method: 'ACK', headers: { CSeq: 'x' } })],
    ['an ACK of nothing', requestText({ method: 'ACK' })],
    [
      'a malformed response',
      requestText()
        .replace(/^.*\r\n/, 'SIP/2.0 200  OK\r\n')
        .replace('CSeq: 1', 'CSeq: x'),
    ],
    ['a response to nothing', requestText().replace(/^.*\r\n/, 'SIP/2.0 200 OK\r\n')],
    ['a request without Via', requestText({ headers: { Via: '' } })],
    ['line ends', '\r\n\r\n'],
    ['noise', 'hello\r\n\r\n'],
  ];
  for (const [what, text] of silent) {
    it(`nothing at all to ${what}`, async () => {
      const bench = await endpointBench();
      bench.transport.deliver(text, peerAddress);
      expect(bench.answers()).toEqual([]);
      expect(bench.clock.pending).toBe(0);
    });
  }
});

describe('CANCEL', () => {
  it('before the answer: 200 to it with our tag, then the call refuses', async () => {
    const bench = await endpointBench((call) =>
      call.provisional({ status: 180, phrase: 'Ringing' }),
    );
    bench.request();
    const tag = bench.toTag();
    bench.answers();
    bench.request({ method: 'CANCEL', branch: 'z9hG4bK-INVITE-1' });
    expect(bench.heard).toEqual(['cancel']);
    expect(bench.answers()).toEqual(['200 OK', '487 Request Terminated']);
    expect(bench.toTag()).toBe(tag);
  });

  it('after the answer: 200 to it, and nothing happens', async () => {
    const bench = await endpointBench((call) => call.accept(answerBody));
    bench.request();
    bench.answers();
    bench.request({ method: 'CANCEL', branch: 'z9hG4bK-INVITE-1' });
    expect(bench.heard).toEqual([]);
    expect(bench.answers()).toEqual(['200 OK']);
  });

  it('with another sent-by does not match', async () => {
    const bench = await endpointBench();
    bench.request();
    bench.answers();
    bench.request({
      method: 'CANCEL',
      headers: { Via: 'SIP/2.0/UDP 192.0.2.8:5070;branch=z9hG4bK-INVITE-1' },
    });
    expect(bench.answers()).toEqual(['481 Call/Transaction Does Not Exist']);
    expect(bench.heard).toEqual([]);
  });
});

describe('the kill table behind the reader', () => {
  for (const name of [
    'k07-contact-port-99999',
    'k11-contact-tel',
    'k11-contact-empty-password-no-host',
    'k04-contact-list-blanks',
  ]) {
    it(`${name}: 400, no call`, async () => {
      const bench = await endpointBench();
      bench.transport.deliver(crasher(name), peerAddress);
      bench.clock.advance(strangerLimits.tryingHoldMs);
      const answers = bench.answers();
      if (name === 'k11-contact-empty-password-no-host') expect(answers[0]).toBe('100 Trying');
      else expect(answers).toEqual(['400 Bad Contact']);
    });
  }

  it('k08: an INVITE from port 0 is not even read', async () => {
    const bench = await endpointBench();
    bench.transport.deliver(crasher('k08-invite-from-port-0'), { ...peerAddress, port: 0 });
    expect(bench.calls).toEqual([]);
    expect(bench.answers()).toEqual([]);
    expect(bench.clock.pending).toBe(0);
  });

  it('k10: 50,000 requests that nobody answers leave nothing behind', async () => {
    const bench = await endpointBench();
    const text = crasher('k10-notify-unanswered').toString('latin1');
    for (let count = 0; count < 50_000; count += 1) {
      bench.transport.deliver(text.replace('z9hG4bKk', `z9hG4bKk${count}`), peerAddress);
      bench.transport.sent.length = 0;
    }
    expect(bench.endpoint.stats()).toMatchObject({ transactions: 0, dialogs: 0 });
    expect(bench.clock.pending).toBe(0);
  });
});

it('refuses INVITEs beyond the limit with 503 and Retry-After, and keeps nothing of them', async () => {
  // Ringing makes the source a known one, so that only this limit counts.
  const bench = await endpointBench((call) => call.provisional({ status: 180, phrase: 'Ringing' }));
  for (let count = 0; count < 4_096; count += 1) {
    bench.request({ branch: `z9hG4bK${count}`, callId: `call-${count}` });
  }
  bench.answers();
  bench.request({ branch: 'z9hG4bKtoo-many', callId: 'too-many' });
  expect(bench.answers()).toEqual(['503 Service Unavailable']);
  expect(headerOf(bench.transport.sent.at(-1)?.text ?? '', 'Retry-After')).toHaveLength(1);
  expect(bench.calls).toHaveLength(4_096);
  await bench.endpoint.close();
  expect(bench.clock.pending).toBe(0);
});

it('counts only INVITEs without a final answer toward that limit', async () => {
  const bench = await endpointBench((call) => {
    call.provisional({ status: 180, phrase: 'Ringing' });
    call.refuse({ status: 486, phrase: 'Busy Here' });
  });
  for (let count = 0; count < 5_000; count += 1) {
    bench.request({ branch: `z9hG4bK${count}`, callId: `call-${count}` });
  }
  expect(bench.calls).toHaveLength(5_000);
  await bench.endpoint.close();
});
