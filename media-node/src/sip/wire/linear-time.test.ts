/** Twice the bytes cost twice the time, whatever they are: the promise that keeps one packet from costing a call a frame. */
import { describe, expect, it } from 'vitest';
import { readMessage } from './read-message.ts';

const headers = [
  'Via',
  'From',
  'To',
  'Contact',
  'Route',
  'Record-Route',
  'CSeq',
  'Call-ID',
  'Require',
  'Reason',
  'Authorization',
  'Content-Type',
  'Accept',
  'X-Other',
];
const fillers = [
  ' ',
  '<',
  '>',
  ';',
  ',',
  '"',
  '\\',
  'a',
  'a ',
  ';a',
  ';a=',
  ';a="',
  '<a',
  '"a',
  'a,',
  '\r\n ',
  '%',
  '@',
  '[',
  ':',
  '=',
  '/',
  '(',
  '\x80',
  'SIP/2.0/',
  '0',
];

/** An otherwise sound INVITE whose one header is `bytes` long. */
function stuffed(header: string, filler: string, bytes: number): Buffer {
  const lines = new Map([
    ['Via', 'SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1'],
    ['From', '<sip:a@example.com>;tag=1'],
    ['To', '<sip:b@example.com>'],
    ['Call-ID', 'c'],
    ['CSeq', '1 INVITE'],
  ]);
  lines.set(header, (lines.get(header) ?? '') + filler.repeat(Math.floor(bytes / filler.length)));
  const text = [...lines].map(([name, value]) => `${name}: ${value}`).join('\r\n');
  return Buffer.from(`INVITE sip:b@example.com SIP/2.0\r\n${text}\r\n\r\n`, 'latin1');
}

/** Milliseconds of the fastest of several readings. */
function costMs(bytes: Buffer): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round += 1) {
    const before = performance.now();
    readMessage(bytes);
    best = Math.min(best, performance.now() - before);
  }
  return best;
}

describe('one header filled to its limit', () => {
  for (const header of headers) {
    it(`${header}: under 2 ms with any filler`, () => {
      for (const filler of fillers) {
        // The gate would stop longer lines before they cost anything; these get through to the readers.
        const ms = costMs(stuffed(header, filler, 4_000));
        expect(ms, `filled with ${JSON.stringify(filler)}`).toBeLessThan(2);
      }
    });
  }
});

it('a start line filled to its limit', () => {
  for (const filler of fillers) {
    for (const start of [
      `INVITE sip:${filler.repeat(1_000)} SIP/2.0`,
      `SIP/2.0 200 ${filler.repeat(1_000)}`,
      `${filler.repeat(1_000)} sip:a SIP/2.0`,
    ]) {
      const bytes = Buffer.from(
        `${start}\r\nVia: SIP/2.0/UDP 192.0.2.7\r\nCall-ID: c\r\nFrom: <sip:a@b>\r\nTo: <sip:a@b>\r\nCSeq: 1 INVITE\r\n\r\n`,
        'latin1',
      );
      expect(costMs(bytes), filler).toBeLessThan(2);
    }
  }
});

it('a whole header section of small headers: under 5 ms', () => {
  for (const header of headers) {
    const line = `${header}: <sip:a@b>;x="y"\r\n`.repeat(120);
    expect(
      costMs(Buffer.from(`INVITE sip:b@example.com SIP/2.0\r\n${line}\r\n`)),
      header,
    ).toBeLessThan(5);
  }
});
