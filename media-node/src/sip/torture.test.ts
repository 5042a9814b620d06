/**
 * The torture tests of RFC 4475 (49 messages) and RFC 5118 (its sections 4.1 to 4.10), each a file with the answer that the RFC describes
 * for an element of our kind: a user agent that takes INVITE and OPTIONS and is no registrar. `call`: an INVITE that reaches the call.
 * `silence`: a response that answers nothing of ours, or nothing that could be answered.
 */

import { readFileSync } from 'node:fs';
import { strangerLimits } from '@callgate/shared/limits.ts';
import { describe, expect, it } from 'vitest';
import { endpointBench } from './endpoint-bench.fake.ts';
import { headerOf, peerAddress } from './scripted-peer.fake.ts';
import { readMessage } from './wire/read-message.ts';

/** section, file, verdict, what it is about */
type Row = readonly [section: string, file: string, verdict: string, about: string];

const rfc4475: readonly Row[] = [
  [
    '3.1.1.1',
    'wsinv',
    '481',
    'folds, blanks, compact names, an empty Subject; its To tag names no dialog of ours',
  ],
  ['3.1.1.2', 'intmeth', '405', 'every character a method, a user and a display name may have'],
  ['3.1.1.3', 'esc01', 'call', 'escapes in URIs'],
  ['3.1.1.4', 'escnull', '405', 'an escaped NUL in a user'],
  ['3.1.1.5', 'esc02', '405', 'escapes in a method and a header name are none'],
  ['3.1.1.6', 'lwsdisp', '200', 'no blank between display name and bracket'],
  ['3.1.1.7', 'longreq', 'call', 'long values in every place'],
  ['3.1.1.8', 'dblreq', '405', 'bytes behind the body are ignored'],
  ['3.1.1.9', 'semiuri', '200', 'a semicolon in the user part'],
  ['3.1.1.10', 'transports', '200', 'transports that are not known'],
  ['3.1.1.11', 'mpart01', '405', 'a multipart body with binary parts'],
  ['3.1.1.12', 'unreason', 'silence', 'a reason phrase in Cyrillic'],
  ['3.1.1.13', 'noreason', 'silence', 'an empty reason phrase'],
  ['3.1.2.1', 'badinv01', '400', 'empty parameters'],
  ['3.1.2.2', 'clerr', '400', 'Content-Length beyond the message'],
  ['3.1.2.3', 'ncl', '400', 'a negative Content-Length'],
  ['3.1.2.4', 'scalar02', '400', 'numbers too large for their fields'],
  ['3.1.2.5', 'scalarlg', 'silence', 'the same in a response'],
  ['3.1.2.6', 'quotbal', '400', 'a quote that is never closed'],
  ['3.1.2.7', 'ltgtruri', '400', 'a Request-URI in angle brackets'],
  ['3.1.2.8', 'lwsruri', '400', 'a blank inside the Request-URI'],
  ['3.1.2.9', 'lwsstart', '400', 'two blanks in the request line'],
  ['3.1.2.10', 'trws', '400', 'a blank behind the request line'],
  ['3.1.2.11', 'escruri', '400', 'headers in the Request-URI'],
  [
    '3.1.2.12',
    'baddate',
    'call',
    'a Date in another time zone: may be ignored by who does not read it',
  ],
  ['3.1.2.13', 'regbadct', '405', 'Contact with headers and no brackets, to a registrar'],
  ['3.1.2.14', 'badaspec', '400', 'blanks inside the brackets'],
  ['3.1.2.15', 'baddn', '400', 'a comma in a display name without quotes'],
  ['3.1.2.16', 'badvers', '505', 'SIP/7.0'],
  ['3.1.2.17', 'mismatch01', '400', 'CSeq with another method'],
  ['3.1.2.18', 'mismatch02', '400', 'the same with a method that is not known'],
  ['3.1.2.19', 'bigcode', 'silence', 'a status code that is none'],
  ['3.2.1', 'badbranch', '200', 'a branch of the cookie alone'],
  ['3.3.1', 'insuf', '400', 'no Call-ID, From or To'],
  ['3.3.2', 'unkscm', '416', 'a Request-URI of a scheme that nobody knows'],
  ['3.3.3', 'novelsc', '416', 'one that somebody knows'],
  ['3.3.4', 'unksm2', '405', 'such schemes in From, To and Contact, to a registrar'],
  ['3.3.5', 'bext01', '420', 'extensions that nobody knows'],
  ['3.3.6', 'invut', '415', 'a body of a type that nobody knows'],
  ['3.3.7', 'regaut01', '405', 'credentials of a scheme that nobody knows, to a registrar'],
  ['3.3.8', 'multi01', '400', 'headers twice that may stand once'],
  ['3.3.9', 'mcl01', '400', 'two lengths'],
  ['3.3.10', 'bcast', 'silence', 'a response for the broadcast address'],
  ['3.3.11', 'zeromf', '483', 'Max-Forwards 0'],
  ['3.3.12', 'cparam01', '405', 'a parameter of Contact, to a registrar'],
  ['3.3.13', 'cparam02', '405', 'a parameter of the URI in it'],
  ['3.3.14', 'regescrt', '405', 'an escaped Route in it'],
  ['3.3.15', 'sdp01', '406', 'Accept without SDP'],
  [
    '3.4.1',
    'inv2543',
    'call',
    'an INVITE as RFC 2543 wrote them: no tag, no branch, no Max-Forwards',
  ],
];

const rfc5118: readonly Row[] = [
  ['4.1', 'ipv6-good', '405', 'a Request-URI by IPv6'],
  ['4.2', 'ipv6-bad', '400', 'the same without brackets'],
  ['4.3', 'port-ambiguous', '405', 'a port inside the brackets is part of the address'],
  ['4.4', 'port-unambiguous', '405', 'a port behind them'],
  ['4.5', 'via-received-param-with-delim', '481', 'received with brackets'],
  ['4.5', 'via-received-param-no-delim', '481', 'received without'],
  ['4.6', 'ipv6-in-sdp', 'call', 'IPv6 in SDP'],
  ['4.7', 'mult-ip-in-header', '481', 'both families in one path'],
  ['4.8', 'mult-ip-in-sdp', 'call', 'both families in one SDP'],
  ['4.9', 'ipv4-mapped-ipv6', 'call', 'IPv4 addresses mapped into IPv6'],
  ['4.10', 'ipv6-bug-abnf-3-colons', '400', 'three colons: RFC 5954 calls them a fault'],
];

async function verdictOn(bytes: Buffer): Promise<string> {
  const bench = await endpointBench();
  bench.transport.deliver(bytes, peerAddress);
  bench.clock.advance(strangerLimits.tryingHoldMs);
  const [answer] = bench.answers();
  if (bench.calls.length > 0) return answer === '100 Trying' ? 'call' : `call without 100`;
  return answer === undefined ? 'silence' : answer.slice(0, 3);
}

describe.each([
  ['rfc4475', rfc4475, 49],
  ['rfc5118', rfc5118, 11],
] as const)('%s', (folder, rows, count) => {
  const read = (file: string) =>
    readFileSync(new URL(`wire/testdata/torture/${folder}/${file}.dat`, import.meta.url));

  it(`has ${count} messages`, () => expect(rows).toHaveLength(count));

  for (const [section, file, verdict, about] of rows) {
    it(`§${section} ${file}: ${verdict} (${about})`, async () => {
      const bytes = read(file);
      expect(await verdictOn(bytes)).toBe(verdict);
      const costs = Array.from({ length: 5 }, () => {
        const before = performance.now();
        readMessage(bytes);
        return performance.now() - before;
      });
      expect(Math.min(...costs)).toBeLessThan(2);
    });
  }
});

describe('what the answers to the others say', () => {
  const answerTo = async (file: string) => {
    const bench = await endpointBench();
    const path = `wire/testdata/torture/rfc4475/${file}.dat`;
    bench.transport.deliver(readFileSync(new URL(path, import.meta.url)), peerAddress);
    return bench.transport.sent[0]?.text ?? '';
  };

  it.each([
    ['bext01', 'Unsupported', 'nothingSupportsThis, nothingSupportsThisEither'],
    [
      'invut',
      'Accept',
      'application/sdp, multipart/mixed, application/dtmf-relay, application/dtmf',
    ],
    ['regaut01', 'Allow', 'INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK, INFO, NOTIFY'],
  ])('%s: %s: %s', async (file, name, value) => {
    expect(headerOf(await answerTo(file), name)).toEqual([value]);
  });

  it.each(['badinv01', 'mismatch01', 'badvers', 'quotbal'])(
    '%s: Via, Call-ID and CSeq come back, and To with a tag of ours (RFC 3261 §8.2.6.2)',
    async (file) => {
      const text = await answerTo(file);
      for (const name of ['Via', 'Call-ID', 'CSeq', 'From']) {
        expect(headerOf(text, name)).toHaveLength(1);
      }
      expect(headerOf(text, 'To')[0]).toMatch(/;tag=/);
    },
  );
});

describe('what the valid ones say', () => {
  const message = (file: string) => {
    const reading = readMessage(
      readFileSync(new URL(`wire/testdata/torture/${file}.dat`, import.meta.url)),
    );
    if (reading.kind !== 'message') throw new Error(`${file} is ${reading.kind}`);
    return reading.message;
  };

  it('wsinv: everything where it belongs', () => {
    const { cseq, via, viaTexts, from, toTag, fromTag, fields, callId, body } =
      message('rfc4475/wsinv');
    expect([cseq.number, via.host, via.parameters.get('branch'), viaTexts.length]).toEqual([
      9,
      '192.0.2.2',
      '390skdjuw',
      3,
    ]);
    expect([from.displayName, fromTag, toTag, callId]).toEqual([
      'J Rosenberg \\"',
      '98asjd8',
      '1918181833n',
      'wsinv.ndaksdj@192.0.2.1',
    ]);
    expect(fields.first('newfangledheader')).toBe('newfangled value continued newfangled value');
    expect(body).toHaveLength(150);
  });

  it('intmeth: names in other scripts, controls left out', () => {
    const { cseq, to, from } = message('rfc4475/intmeth');
    expect(cseq.method).toBe("!interesting-Method0123456789_*+`.%indeed'~");
    expect(to.displayName).toBe('BEL: NUL: DEL:');
    expect(from.parameters.get("fromparam''~+*_!.-%")).not.toBeNull();
  });

  it('esc01: escapes are undone once', () => {
    const { fields, to } = message('rfc4475/esc01');
    expect(to.uri.user).toBe('user');
    expect(fields.first('contact')).toContain('cal%6Cer');
  });

  it('esc02: neither the method nor the header name is unescaped', () => {
    const { cseq, fields } = message('rfc4475/esc02');
    expect([cseq.method, fields.all('contact').length, fields.all('c%6fntact').length]).toEqual([
      'RE%47IST%45R',
      2,
      1,
    ]);
  });

  it('escnull: NUL in a user is a character like any other', () => {
    expect(message('rfc4475/escnull').to.uri.user).toBe('null-\0-null');
  });

  it('dblreq: the body is empty, as Content-Length says', () => {
    expect(message('rfc4475/dblreq').body).toHaveLength(0);
  });

  it('unreason: the phrase keeps its bytes', () => {
    const read = message('rfc4475/unreason');
    const reason =
      read.kind === 'response' ? Buffer.from(read.reason, 'latin1').toString('utf8') : '';
    expect(reason).toMatch(/^= 2\*\*3 \* 5\*\*2 но сто девяносто девять/);
  });

  it('port-ambiguous: an address of eight groups is one', () => {
    const read = message('rfc5118/port-ambiguous');
    expect(read.kind === 'request' && read.uri).toBe('sip:[2001:db8::10:5070]');
  });
});
