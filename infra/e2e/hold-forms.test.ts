/** Hold in every form that phones have for it, and a phone that moves: sipp says so by re-INVITE, and checks what the node answers; a phone of ours listens. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runSteps } from '../lab/sipp.ts';
import { askedForCredentials, type SippMedia, type SippStep } from '../lab/sipp-scenario.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import {
  agentIn,
  agentToneHz,
  dial,
  hearsTone,
  pause,
  phoneToneHz,
  toneAtTheEnd,
} from './phone-calls.ts';
import {
  caller,
  deskRoom,
  eventually,
  isNodeIdle,
  numbers,
  type RoutedStack,
  startRoutedStack,
} from './routed-stack.ts';

let stack: RoutedStack;
const sockets: Socket[] = [];

beforeAll(async () => {
  stack = await startRoutedStack({ departureTimeoutS: 1 });
});
afterAll(async () => {
  for (const socket of sockets) socket.close();
  await stack?.stop();
});

/** A place where media may come, and how many packets have. */
async function ear(address: string) {
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.bind(0, address);
  await once(socket, 'listening');
  let packets = 0;
  socket.on('message', () => {
    packets += 1;
  });
  return { address, port: socket.address().port, packets: () => packets };
}

/** Another description of the session, and what the answer must say. */
function reoffer(media: SippMedia, matches: string): SippStep[] {
  return [
    { send: 'INVITE', isInDialog: true, media },
    { receive: 200, matches },
    { send: 'ACK', to: '200' },
    { pauseMs: 200 },
  ];
}

it('sendonly, inactive and 0.0.0.0 are answered as what they are, and resumed; media follows a phone that moves', async () => {
  const [number = ''] = numbers;
  const agent = await agentIn(stack, number);
  const [before, after] = [await ear('127.0.0.2'), await ear('127.0.0.3')];
  const here = { address: before.address, port: before.port };
  const there = { address: after.address, port: after.port };
  const running = runSteps(
    'hold',
    [
      ...askedForCredentials,
      { send: 'INVITE', withCredentials: true, media: here },
      { receive: 200, matches: 'a=sendrecv' },
      { send: 'ACK', to: '200' },
      { pauseMs: 1_000 },
      ...reoffer({ ...here, direction: 'sendonly' }, 'a=recvonly'),
      ...reoffer(here, 'a=sendrecv'),
      ...reoffer({ ...here, direction: 'inactive' }, 'a=inactive'),
      ...reoffer(here, 'a=sendrecv'),
      ...reoffer({ ...here, address: '0.0.0.0' }, 'a=recvonly'),
      // No pause: the BYE comes once media has followed.
      ...reoffer(there, 'a=sendrecv').slice(0, -1),
      { receive: 'BYE' },
      { send: '200' },
    ],
    { target: stack.node.sip, number, ...caller, timeoutS: 60 },
  );
  try {
    // Half a second of it: sipp has sent its ACK by then.
    await eventually('media has followed', () => after.packets() > 25, 40_000);
  } finally {
    await stack.rooms.deleteRoom(deskRoom(number));
  }
  expect((await running).trace).toBe('');
  expect(before.packets()).toBeGreaterThan(0);
  await eventually('the node is idle', () => isNodeIdle(stack));
  await agent.leave();
});

it('a phone that holds hears nothing meanwhile, and when it is back both hear each other', async () => {
  const [, number = ''] = numbers;
  const agent = await agentIn(stack, number);
  const phone = await SipPhone.open('127.0.0.4');
  try {
    const call = await dial(stack, phone, number);
    expect(await call.answer).toEqual({ kind: 'answered' });
    const answers = () =>
      call.timeline.entries.filter(({ event }) => event === '200 to re-INVITE').length;
    for (const answered of [0, 2]) {
      await hearsTone(() => call.heard(), agentToneHz);
      call.reoffer('sendonly');
      await eventually('the hold is answered', () => answers() === answered + 1);
      let before = -1;
      await eventually('no packet comes', async () => {
        before = call.packets.received;
        await pause(300);
        return call.packets.received === before;
      });
      call.reoffer('sendrecv');
      await eventually('the resumption is answered', () => answers() === answered + 2);
      await eventually(
        'the room hears the phone',
        () => toneAtTheEnd(agent.heard(), phoneToneHz, 600) > 500,
      );
    }
    await hearsTone(() => call.heard(), agentToneHz);
    call.hangUp();
    expect(await call.ended).toBe('phone');
  } finally {
    phone.close();
    await agent.leave();
  }
  await eventually('the node is idle', () => isNodeIdle(stack));
});
