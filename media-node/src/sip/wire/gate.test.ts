/** What the gate lets through, in which form, and what it refuses by which rule. */
import { describe, expect, it } from 'vitest';
import { gate } from './gate.ts';

const head = [
  'OPTIONS sip:b@example.com SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1',
  'From: <sip:a@example.com>;tag=1',
  'To: <sip:b@example.com>',
  'Call-ID: c',
  'CSeq: 1 OPTIONS',
];

function message(...lines: string[]): Buffer {
  return Buffer.from([...head, ...lines, '', ''].join('\r\n'), 'latin1');
}

function ruleOf(bytes: Buffer): string {
  const verdict = gate(bytes);
  return verdict.kind === 'refused' ? verdict.fault.rule : verdict.kind;
}

function valueOfLine(line: string): string | undefined {
  const verdict = gate(message(line));
  return verdict.kind === 'passed' ? verdict.message.fields.at(-1)?.value : undefined;
}

describe('values leave the gate in one form', () => {
  const table: [string, string, string][] = [
    ['blanks around', 'Subject:   a b \t ', 'a b'],
    ['no blank', 'Subject:a', 'a'],
    ['nothing', 'Subject:', ''],
    ['a blank before the colon', 'Subject \t : a', 'a'],
    ['runs of blanks', 'Subject: a \t  b', 'a b'],
    ['a fold', 'Subject: a\r\n b', 'a b'],
    ['a fold of blanks only', 'Subject: a\r\n   \r\n\tb', 'a b'],
    ['blanks in quotes', 'Subject: "a   b"  c', '"a   b" c'],
    ['a fold in quotes', 'Subject: "a\r\n  b"', '"a b"'],
    ['an escaped quote', 'Subject: "a\\"  b"  c', '"a\\"  b" c'],
    ['an escaped control in quotes', 'Subject: "a\\\x07\\\x00b"', '"ab"'],
    ['bytes of UTF-8', 'Subject: \xd0\x90', '\xd0\x90'],
    ['a last byte that JavaScript takes for a blank', 'Subject: \xc3\xa0', '\xc3\xa0'],
  ];
  for (const [what, line, value] of table) {
    it(what, () => expect(valueOfLine(line)).toBe(value));
  }
});

it('writes compact names long and leaves others as they are', () => {
  const verdict = gate(message('m: <sip:a@b>', 'X-Custom: 1', 'k: timer', 'CONTENT-type: a/b'));
  const names = verdict.kind === 'passed' ? verdict.message.fields.slice(5) : [];
  expect(names.map(({ name, key }) => [name, key])).toEqual([
    ['Contact', 'contact'],
    ['X-Custom', 'x-custom'],
    ['Supported', 'supported'],
    ['CONTENT-type', 'content-type'],
  ]);
});

describe('the body', () => {
  const bodyOf = (text: string, ...lines: string[]) => {
    const verdict = gate(Buffer.concat([message(...lines), Buffer.from(text)]));
    return verdict.kind === 'passed' ? verdict.message.body.toString() : null;
  };

  it('is as long as Content-Length says, and the rest of the datagram is ignored (RFC 3261 §18.3)', () => {
    expect(bodyOf('v=0\r\nINVITE', 'Content-Length: 5')).toBe('v=0\r\n');
    expect(bodyOf('rest', 'Content-Length: 0')).toBe('');
  });

  it('is the rest of the datagram without Content-Length', () => {
    expect(bodyOf('v=0\r\n')).toBe('v=0\r\n');
  });
});

describe('refused', () => {
  const table: [string, string | Buffer, string][] = [
    ['a bare LF', 'Subject: a\nVia: x', 'bare-line-end'],
    ['a bare CR', 'Subject: a\rVia: x', 'bare-line-end'],
    ['NUL', 'Subject: a\0', 'header-value'],
    ['DEL', 'Subject: a\x7f', 'header-value'],
    ['65 blanks', `Subject: a${' '.repeat(65)}b`, 'blank-run'],
    ['65 blanks in folds', `Subject: a${'\r\n '.repeat(33)}b`, 'blank-run'],
    ['a line over 4 KB', `Subject: ${'a'.repeat(4_096)}`, 'line-too-long'],
    [
      '129 lines',
      Array.from({ length: 129 }, (_, i) => `X-${i}: 1`).join('\r\n'),
      'too-many-lines',
    ],
    [
      'a header section over 12 KB',
      Array.from({ length: 100 }, (_, i) => `X-${i}: ${'a'.repeat(150)}`).join('\r\n'),
      'headers-too-large',
    ],
    ['a name with a blank', 'Sub ject: a', 'header-name'],
    ['a line without a colon', 'Subject', 'header-name'],
    ['no name', ': a', 'header-name'],
    ['__proto__', '__proto__: a', 'header-name'],
    ['constructor', 'Constructor: a', 'header-name'],
    ['a second Call-ID', 'Call-ID: other', 'repeated-header'],
    ['a second From, compact', 'f: <sip:x@y>', 'repeated-header'],
    ['two Content-Lengths', 'Content-Length: 0\r\nl: 0', 'repeated-header'],
    ['a hexadecimal Content-Length', 'Content-Length: 0x10', 'content-length'],
    ['an exponent', 'Content-Length: 1e3', 'content-length'],
    ['a negative Content-Length', 'Content-Length: -1', 'content-length'],
    ['an empty Content-Length', 'Content-Length:', 'content-length'],
    ['a Content-Length beyond the datagram', 'Content-Length: 1', 'content-length'],
    ['a body over 8 KB', Buffer.concat([message(), Buffer.alloc(8_193)]), 'body-too-large'],
    ['no empty line', message().subarray(0, -2), 'no-empty-line'],
    ['over 16 KB', Buffer.alloc(16_385, 'a'), 'message-too-large'],
  ];
  for (const [what, input, rule] of table) {
    it(`${what}: ${rule}`, () => {
      expect(ruleOf(typeof input === 'string' ? message(input) : input)).toBe(rule);
    });
  }

  const starts: [string, string, string][] = [
    ['two blanks in the request line', 'OPTIONS  sip:b@example.com SIP/2.0', 'start-line'],
    ['a blank at its end', 'OPTIONS sip:b@example.com SIP/2.0 ', 'start-line'],
    ['a blank at its beginning', ' OPTIONS sip:b@example.com SIP/2.0', 'start-line'],
    ['a TAB in it', 'OPTIONS\tsip:b@example.com SIP/2.0', 'start-line'],
    ['a fold in it', 'OPTIONS sip:b@example.com\r\n SIP/2.0', 'start-line'],
    ['no version', 'OPTIONS sip:b@example.com', 'start-line'],
    ['HTTP', 'GET / HTTP/1.1', 'start-line'],
    ['another version', 'OPTIONS sip:b@example.com SIP/3.0', 'version'],
    ['a status of two digits', 'SIP/2.0 20 OK', 'start-line'],
    ['a status of four digits', 'SIP/2.0 2000 OK', 'start-line'],
    ['status 700', 'SIP/2.0 700 OK', 'start-line'],
  ];
  for (const [what, start, rule] of starts) {
    it(`${what}: ${rule}`, () => {
      const text = [start, ...head.slice(1), '', ''].join('\r\n');
      expect(ruleOf(Buffer.from(text))).toBe(rule);
    });
  }

  it('keeps what was sound, so that a 400 can be given', () => {
    const verdict = gate(message('Content-Length: x'));
    expect(verdict).toMatchObject({ kind: 'refused', method: 'OPTIONS', fault: { status: 400 } });
    expect(verdict.kind === 'refused' ? verdict.fields : []).toHaveLength(6);
  });
});

describe('keep-alives', () => {
  it.each([['\r\n\r\n'], ['\r\n'], ['\0\0\0\0'], ['']])('%j says nothing', (text) => {
    expect(gate(Buffer.from(text))).toEqual({ kind: 'keep-alive' });
  });

  it('before a message are skipped (RFC 3261 §7.5)', () => {
    expect(ruleOf(Buffer.concat([Buffer.from('\r\n\r\n'), message()]))).toBe('passed');
  });
});
