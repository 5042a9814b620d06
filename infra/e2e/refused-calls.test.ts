import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runSipp } from '../lab/sipp.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { dialUntilTaken } from './phone-calls.ts';
import {
  caller,
  deskRoom,
  endedFor,
  eventually,
  isNodeIdle,
  numbers,
  type RoutedStack,
  startRoutedStack,
  unknownNumber,
} from './routed-stack.ts';

let stack: RoutedStack;
beforeAll(async () => {
  stack = await startRoutedStack();
});
afterAll(async () => {
  await stack?.stop();
});

const number = (index: number): string => numbers[index] ?? '';

/** Sends one datagram to the node and collects what comes back within 300 ms. */
async function datagram(bytes: Buffer | string): Promise<string[]> {
  const [address = '', port = ''] = stack.node.sip.split(':');
  const socket = createSocket('udp4');
  const answers: string[] = [];
  socket.on('message', (message) => answers.push(message.toString('latin1')));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.4', resolve));
  socket.send(bytes, Number(port), address);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return answers;
}

describe('refused calls, sipp calling', () => {
  it('a wrong password is challenged again, and the record says bad-credentials', async () => {
    const result = await runSipp('wrong password', {
      target: stack.node.sip,
      number: number(0),
      ...caller,
      password: 'a-guess-of-mallory',
    });
    expect(result.trace).toBe('');
    await endedFor(stack, 'bad-credentials');
  });

  it('an unknown number gets 404', async () => {
    const result = await runSipp('unknown number', {
      target: stack.node.sip,
      number: unknownNumber,
    });
    expect(result.trace).toBe('');
    expect(await endedFor(stack, 'no-trunk')).toMatchObject({ sip_status: 404 });
  });

  it('a stranger opens no room, not even with a number of ours in its From', async () => {
    const stranger = await SipPhone.open('127.0.0.6');
    const from = number(3);
    const unknown = await dialUntilTaken(stack, stranger, unknownNumber, { from });
    expect(unknown.answer).toMatchObject({ kind: 'refused', status: 404 });
    const password = 'a-guess-of-mallory';
    const guess = await dialUntilTaken(stack, stranger, from, { from, password });
    expect(guess.answer).toMatchObject({ kind: 'refused', status: 407 });
    stranger.close();
    await eventually('the node is idle', () => isNodeIdle(stack));
    const rooms = await stack.rooms.listRooms([unknownNumber, from].map(deskRoom));
    expect(rooms.map(({ name }) => name)).toEqual([]);
  });

  it('a CANCEL while the phone rings gets 200, the INVITE 487, and the participant leaves the room', async () => {
    const result = await runSipp('cancel while ringing', {
      target: stack.node.sip,
      number: number(1),
      ...caller,
    });
    expect(result.trace).toBe('');
    await eventually(
      'the room is empty',
      async () =>
        (await stack.rooms.listParticipants(deskRoom(number(1))).catch(() => [])).length === 0,
    );
    await eventually('the node is idle', () => isNodeIdle(stack));
  });

  it('a call that nobody takes ends with 480 after the ringing timeout of the trunk', async () => {
    const result = await runSipp('rings until 480', {
      target: stack.node.sip,
      number: number(2),
      ...caller,
    });
    expect(result.trace).toBe('');
    expect(await endedFor(stack, 'ringing-timeout')).toMatchObject({ sip_status: 480 });
  });
});

describe('hostile datagrams', () => {
  it.each([
    ['noise', Buffer.from([0, 255, 1, 254, 13, 10, 13, 10])],
    ['an empty datagram', Buffer.alloc(0)],
    ['60 KB of blanks', Buffer.alloc(60_000, ' ')],
    [
      'a response to nothing',
      'SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.4;branch=z9hG4bKx\r\nCSeq: 1 INVITE\r\n\r\n',
    ],
    ['a status line with 4 KB of blanks', `SIP/2.0 200${' '.repeat(4_000)}\n\n`],
    ['an unclosed name-addr with 8 KB of blanks', invite({ from: `<${' '.repeat(8_000)}` })],
    ['a Via parameter named __proto__', invite({ via: ';__proto__=1' })],
    ['a CSeq beyond 2^31', invite({ cseq: '99999999999 INVITE' })],
  ])('%s gets at most one 4xx and leaves nothing behind', async (_what, bytes) => {
    const answers = await datagram(bytes);
    // An answer that nobody acknowledges comes again as it was.
    expect(new Set(answers).size).toBeLessThanOrEqual(1);
    for (const answer of answers) expect(answer).toMatch(/^SIP\/2\.0 4\d\d /);
    await eventually('no call is left', async () => (await stack.nodeStats()).calls === 0);
  });

  it('an INVITE without a common codec gets 488', async () => {
    const result = await runSipp('no common codec', {
      target: stack.node.sip,
      number: number(3),
      ...caller,
    });
    expect(result.trace).toBe('');
    expect(await endedFor(stack, 'no-common-codec')).toMatchObject({ sip_status: 488 });
  });

  function invite({ via = '', from = '<sip:a@127.0.0.4>;tag=1', cseq = '1 INVITE' }): string {
    return [
      `INVITE sip:${number(0)}@127.0.0.1 SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.4:5060;branch=z9hG4bK${Math.random().toString(36).slice(2)}${via}`,
      `From: ${from}`,
      `To: <sip:${number(0)}@127.0.0.1>`,
      'Call-ID: hostile@127.0.0.4',
      `CSeq: ${cseq}`,
      'Max-Forwards: 70',
      'Contact: <sip:a@127.0.0.4>',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n');
  }
});
