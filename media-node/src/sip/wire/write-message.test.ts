/** Nothing is written that was not meant; what is written is read as the same. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readMessage } from './read-message.ts';
import { type Row, writeMessage } from './write-message.ts';

const start = { kind: 'request', method: 'BYE', uri: 'sip:a@b' } as const;
const rows: readonly Row[] = [
  ['Via', 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1'],
  ['From', '<sip:a@b>;tag=1'],
  ['To', '<sip:c@d>;tag=2'],
  ['Call-ID', 'c'],
  ['CSeq', '1 BYE'],
];

describe('a value is refused', () => {
  it.each([
    ['a\r\nX: 1'],
    ['a\nX'],
    ['a\rX'],
    ['a\0'],
    ['a\tb'],
    ['a\x7f'],
    ['\u010d\u010a'],
    ['\u2028'],
  ])('%j', (value) => {
    expect(() => writeMessage({ start, rows: [...rows, ['X-A', value]] })).toThrow(RangeError);
  });
});

it('a name is refused that is no token, or Content-Length', () => {
  for (const name of ['X A', 'X:', '', 'X\r\n', 'content-length']) {
    expect(() => writeMessage({ start, rows: [[name, '1']] })).toThrow(RangeError);
  }
});

it('a start line is refused that would be two', () => {
  for (const uri of ['sip:a@b SIP/2.0\r\nX: 1', 'sip:a b', 'sip:a@\u010a']) {
    expect(() => writeMessage({ start: { ...start, uri }, rows })).toThrow(RangeError);
  }
  expect(() =>
    writeMessage({ start: { kind: 'response', status: 200, phrase: 'a\r\nb' }, rows }),
  ).toThrow(RangeError);
});

it('names mean nothing: __proto__ is written like any other', () => {
  const text = writeMessage({
    start,
    rows: [
      ['__proto__', '1'],
      ['constructor', '2'],
    ],
  }).toString();
  expect(text).toContain('__proto__: 1\r\n');
  expect(text).toMatch(/constructor: 2\r\n/i);
});

it('a repeated header stands on lines of its own', () => {
  const text = writeMessage({
    start,
    rows: [
      ['Via', 'a'],
      ['From', 'f'],
      ['Via', 'b'],
    ],
  }).toString();
  expect(text).toBe(
    'BYE sip:a@b SIP/2.0\r\nVia: a\r\nVia: b\r\nFrom: f\r\nContent-Length: 0\r\n\r\n',
  );
});

it('the phrase may be in any script and goes out as UTF-8', () => {
  const bytes = writeMessage({ start: { kind: 'response', status: 486, phrase: 'Занято' }, rows });
  expect(bytes.toString('utf8')).toMatch(/^SIP\/2\.0 486 Занято\r\n/);
});

it('reads what it writes, 10,000 times (seed 5)', () => {
  const name = fc.stringMatching(/^X-[A-Za-z0-9.!%*_+`'~-]{1,20}$/);
  const word = fc.stringMatching(/^[!-~\x80-\xff]{1,20}$/).filter((text) => !text.includes('"'));
  const value = fc.array(word, { maxLength: 5 }).map((words) => words.join(' '));
  const body = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), body, (extra, bytes) => {
      const seen = new Set<string>();
      const unique = extra.filter(
        ([key]) => !seen.has(key.toLowerCase()) && seen.add(key.toLowerCase()),
      );
      const reading = readMessage(
        writeMessage({ start, rows: [...rows, ...unique], body: Buffer.from(bytes) }),
      );
      expect(reading.kind).toBe('message');
      if (reading.kind !== 'message') return;
      for (const [key, text] of unique) {
        expect(reading.message.fields.first(key.toLowerCase())).toBe(text);
      }
      expect([...reading.message.body]).toEqual([...bytes]);
    }),
    { numRuns: 10_000, seed: 5 },
  );
});
