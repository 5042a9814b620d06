/**
 * Mutation fuzzing of the whole endpoint, repeatable: the same seed gives the same messages. Each is delivered to a live endpoint with a
 * call in progress; nothing may throw, nothing may take long, and nothing may stay.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { answerBody, endpointBench } from './endpoint-bench.fake.ts';
import { offer, requestText } from './scripted-peer.fake.ts';
import { readMessage } from './wire/read-message.ts';

export interface FuzzResult {
  readonly messages: number;
  /** Log events of ours that say that something threw. */
  readonly faults: readonly string[];
  /** The message that took longest to read, base64. */
  readonly slowest: { readonly ms: number; readonly message: string };
  readonly over5Ms: number;
  /** Answers sent, by status. */
  readonly answers: ReadonlyMap<string, number>;
  readonly left: {
    readonly transactions: number;
    readonly dialogs: number;
    readonly timers: number;
  };
}

/** Numbers from 0 to 2^32-1, the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const spice = [
  '\r\n',
  '\r',
  '\n',
  '\0',
  ' ',
  '\t',
  '  ',
  ';',
  ',',
  '<',
  '>',
  '"',
  '\\',
  ':',
  '=',
  '@',
  '%',
  '%00',
  '[',
  ']',
  '[::1]',
  '\xff',
  '\x80',
  '\r\n ',
  '\r\n\r\n',
  '2147483648',
  '-1',
  '99999',
  '0',
  'SIP/2.0',
  'Via: ',
  'Content-Length: ',
  ';tag=',
  ';branch=',
  '__proto__',
  'constructor',
  '*',
  '?',
  '&',
  '#',
];

/** What is mutated: real requests and answers, the torture tests, the crashers. */
function corpus(): Buffer[] {
  const texts = [
    requestText(),
    requestText({ method: 'OPTIONS' }),
    ...['ACK', 'BYE', 'CANCEL', 'INFO', 'UPDATE', 'PRACK', 'NOTIFY', 'REFER'].map((method) =>
      requestText({ method, number: 2, toTag: 'x' }),
    ),
    requestText({
      headers: {
        Supported: 'timer',
        'Session-Expires': '90',
        'Record-Route': '<sip:p;lr>, <sip:[2001:db8::1]>',
      },
    }),
    requestText().replace(/^.*\r\n/, 'SIP/2.0 200 OK\r\n'),
    requestText({
      headers: { 'Content-Type': 'multipart/mixed;boundary=b' },
      body: `--b\r\nContent-Type: application/sdp\r\n\r\n${offer}\r\n--b--\r\n`,
    }),
  ];
  const files = [
    'wire/testdata/torture/rfc4475/',
    'wire/testdata/torture/rfc5118/',
    'wire/testdata/crashers/',
  ].flatMap((folder) => {
    const url = new URL(folder, import.meta.url);
    return readdirSync(url)
      .sort()
      .map((name) => readFileSync(new URL(name, url)).subarray(0, 16_000));
  });
  return [...texts.map((text) => Buffer.from(text, 'latin1')), ...files];
}

/** One to six changes: bytes flipped, cut, doubled, spiced, lines moved, another message's tail. */
function mutate(messages: readonly Buffer[], random: (below: number) => number): Buffer {
  const pick = () => messages[random(messages.length)] ?? Buffer.alloc(0);
  let bytes = Buffer.from(pick());
  for (let changes = 1 + random(6); changes > 0 && bytes.length > 0; changes -= 1) {
    const at = random(bytes.length);
    const length = Math.min(1 + random(40), bytes.length - at);
    const head = bytes.subarray(0, at);
    const tail = bytes.subarray(at + length);
    const part = bytes.subarray(at, at + length);
    switch (random(6)) {
      case 0:
        bytes[at] = random(256);
        break;
      case 1:
        bytes = Buffer.concat([head, tail]);
        break;
      case 2:
        bytes = Buffer.concat([head, ...Array.from({ length: 1 + random(30) }, () => part), tail]);
        break;
      case 3:
        bytes = Buffer.concat([
          head,
          Buffer.from(spice[random(spice.length)] ?? '', 'latin1'),
          bytes.subarray(at),
        ]);
        break;
      case 4: {
        const lines = bytes.toString('latin1').split('\r\n');
        const [line = ''] = lines.splice(random(lines.length), 1);
        lines.splice(random(lines.length + 1), 0, line, ...(random(2) === 0 ? [line] : []));
        bytes = Buffer.from(lines.join('\r\n'), 'latin1');
        break;
      }
      default: {
        const other = pick();
        bytes = Buffer.concat([head, other.subarray(random(other.length + 1))]);
      }
    }
  }
  return bytes.subarray(0, 65_507);
}

function readingMs(bytes: Buffer): number {
  const before = performance.now();
  readMessage(bytes);
  return performance.now() - before;
}

/** Delivers `count` mutated messages. */
export async function fuzz(count: number, seed: number): Promise<FuzzResult> {
  const random = randomNumbers(seed);
  const messages = corpus();
  const bench = await endpointBench((call) => {
    if (random(2) === 0) call.accept(answerBody);
    else call.refuse({ status: 404, phrase: 'Not Found' });
  });
  const answers = new Map<string, number>();
  bench.transport.hear(({ text }) => {
    const status = text.slice(0, text.indexOf('\r\n')).slice(0, 11);
    answers.set(status, (answers.get(status) ?? 0) + 1);
  });
  let slowest = { ms: 0, message: '' };
  let over5Ms = 0;
  for (let done = 0; done < count; done += 1) {
    const bytes = mutate(messages, random);
    const from = { address: `192.0.2.${random(250)}`, port: 1 + random(65_535) };
    const before = performance.now();
    bench.transport.deliver(bytes, from);
    let ms = performance.now() - before;
    // Another process may have had the machine meanwhile: what is slow by itself is slow again.
    for (let again = 0; ms > 1 && again < 3; again += 1) ms = Math.min(ms, readingMs(bytes));
    if (ms > 5) over5Ms += 1;
    if (ms > slowest.ms) slowest = { ms, message: bytes.toString('base64') };
    bench.transport.sent.length = 0;
    // Time goes on, so that what the strangers began also ends.
    if (done % 50 === 0) bench.clock.advance(1_000);
  }
  bench.clock.advance(700_000);
  for (const call of bench.calls) void call.bye();
  // Names are looked up, then the BYEs go out, then nobody answers them.
  await new Promise((resolve) => setImmediate(resolve));
  bench.clock.advance(64_000);
  await new Promise((resolve) => setImmediate(resolve));
  const { transactions, dialogs } = bench.endpoint.stats();
  const faults = bench.logged
    .filter(({ event }) => event === 'sip-fault')
    .map(({ fields }) => `${String(fields['why'])} ${String(fields['stack'])}`);
  const left = { transactions, dialogs, timers: bench.clock.pending };
  await bench.endpoint.close();
  return { messages: count, faults, slowest, over5Ms, answers, left };
}
