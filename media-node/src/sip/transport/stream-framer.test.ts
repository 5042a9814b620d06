/** The same messages come out however they were cut, and nothing that never ends is held. K5 and K6 of the kill table. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { requestText } from '../scripted-peer.fake.ts';
import { type Framed, StreamFramer } from './stream-framer.ts';

const crasher = (name: string) =>
  readFileSync(new URL(`../wire/testdata/crashers/${name}.dat`, import.meta.url));
const bytes = (text: string) => Buffer.from(text, 'latin1');
const invite = requestText();
const options = requestText({ method: 'OPTIONS' });

const shown = (framed: Framed) =>
  framed.kind === 'message' ? framed.bytes.toString('latin1') : framed.kind;

describe('a stream', () => {
  it('cut at every byte gives the same two messages', () => {
    const stream = bytes(invite + options);
    for (let at = 0; at <= stream.length; at += 1) {
      const framer = new StreamFramer();
      const framed = [...framer.push(stream.subarray(0, at)), ...framer.push(stream.subarray(at))];
      expect(framed.map(shown)).toEqual([invite, options]);
      expect(framer.pendingBytes).toBe(0);
    }
  });

  it('of one byte a chunk gives the same', () => {
    const framer = new StreamFramer();
    const framed = [...bytes(invite + options)].flatMap((byte) => framer.push(Buffer.from([byte])));
    expect(framed.map(shown)).toEqual([invite, options]);
  });

  it('of a hundred messages in one chunk gives them all', () => {
    expect(new StreamFramer().push(bytes(invite.repeat(100)))).toHaveLength(100);
  });

  it('may begin a message with line ends', () => {
    expect(new StreamFramer().push(bytes(`\r\n${options}`)).map(shown)).toEqual([options]);
  });

  it('of two line ends is a ping, however they are cut (RFC 5626 §3.5.1)', () => {
    const framer = new StreamFramer();
    expect(['\r', '\n\r', '\n'].flatMap((text) => framer.push(bytes(text)).map(shown))).toEqual([
      'ping',
    ]);
    expect(new StreamFramer().push(bytes(`\r\n\r\n${options}\r\n\r\n`)).map(shown)).toEqual([
      'ping',
      options,
      'ping',
    ]);
  });
});

describe('a stream is broken by', () => {
  const table: [string, string][] = [
    ['no Content-Length', requestText({ headers: { 'Content-Length': '' } })],
    ['two', requestText({ headers: { l: '0' } })],
    ['a word', requestText({ headers: { 'Content-Length': 'abc' } })],
    ['a negative one', requestText({ headers: { 'Content-Length': '-1' } })],
    ['a folded one', requestText({ headers: { 'Content-Length': '\r\n 5' } })],
    ['one over the limit', requestText({ headers: { 'Content-Length': '8193' } })],
    ['headers that do not end', `INVITE sip:a SIP/2.0\r\n${'X: 1\r\n'.repeat(3_000)}`],
    ['noise', 'x'.repeat(20_000)],
  ];
  for (const [what, text] of table) {
    it(`${what}, and nothing behind it is read`, () => {
      const framer = new StreamFramer();
      expect(framer.push(bytes(text + options)).map(({ kind }) => kind)).toEqual(['broken']);
      expect(framer.push(bytes(options))).toEqual([]);
      expect(framer.pendingBytes).toBe(0);
    });
  }

  it('k05: 12,000 messages of noise in one chunk', () => {
    expect(new StreamFramer().push(crasher('k05-stream-of-noise')).map(({ kind }) => kind)).toEqual(
      ['broken'],
    );
  });

  it('k06: a length that is no number; nothing is held', () => {
    const framer = new StreamFramer();
    expect(framer.push(crasher('k06-content-length-word')).map(({ kind }) => kind)).toEqual([
      'broken',
    ]);
    expect(framer.pendingBytes).toBe(0);
  });
});

it('the longest message, one byte a chunk: under 5 us a byte', () => {
  const filler = Object.fromEntries(
    Array.from({ length: 10 }, (_, index) => [`X-${index}`, 'a'.repeat(1_000)]),
  );
  const text = bytes(requestText({ headers: filler, body: 'x'.repeat(8_000) }));
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round += 1) {
    const framer = new StreamFramer();
    const before = performance.now();
    for (const byte of text) framer.push(Buffer.from([byte]));
    best = Math.min(best, performance.now() - before);
    expect(framer.pendingBytes).toBe(0);
  }
  expect((best * 1_000) / text.length).toBeLessThan(5);
});
