import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../../../clock.fake.ts';
import { IceEnd } from './ice-end.ts';
import type { Address } from './stun.ts';

const [one, other] = [
  { ufrag: 'one', password: 'password-of-one-side' },
  { ufrag: 'other', password: 'password-of-the-other' },
];
const host = '127.0.0.1';
const within = { timeout: 5_000, interval: 5 };

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

async function openSocket(): Promise<Socket> {
  const socket = createSocket('udp4');
  closers.push(() => socket.close());
  socket.bind(0, host);
  await once(socket, 'listening');
  return socket;
}

async function openEnd(
  clock: FakeClock,
  isControlling: boolean,
  remote = isControlling ? other : one,
) {
  const socket = await openSocket();
  const heard: string[] = [];
  const state = { isWilling: true };
  const end = new IceEnd(socket, clock, {
    local: isControlling ? one : other,
    remote,
    isControlling,
    onData: (bytes) => heard.push(bytes.toString()),
    isWillingToAnswer: () => state.isWilling,
  });
  closers.push(() => end.close());
  socket.on('message', (bytes, from) => end.take(bytes, from));
  const at: Address = { address: host, port: socket.address().port };
  return { end, socket, heard, at, state };
}

/** Two ends that know of each other's addresses, and time that passes. */
async function openPair() {
  const clock = new FakeClock();
  const [near, far] = [await openEnd(clock, true), await openEnd(clock, false)];
  const becomeUp = () =>
    vi.waitFor(() => {
      clock.advance(50);
      expect([near.end.isUp, far.end.isUp]).toEqual([true, true]);
    }, within);
  return { clock, near, far, becomeUp };
}

/** Not read as STUN. */
const data = (text: string) => Buffer.from(text);

describe('an end of ICE', () => {
  it.each(['near', 'far'] as const)(
    'finds the other one when the %s one is told where',
    async (who) => {
      const { near, far, becomeUp } = await openPair();
      if (who === 'near') near.end.add(far.at);
      else far.end.add(near.at);
      await becomeUp();
      near.end.send(data('there'));
      far.end.send(data('back'));
      await vi.waitFor(
        () => expect([near.heard, far.heard]).toEqual([['back'], ['there']]),
        within,
      );
    },
  );

  it('takes nothing from strangers', async () => {
    const { near, far, becomeUp } = await openPair();
    near.end.add(far.at);
    await becomeUp();
    const stranger = await openSocket();
    stranger.send(data('foreign'), near.at.port, host);
    near.end.take(data('foreign'), { address: host, port: stranger.address().port });
    far.end.send(data('own'));
    await vi.waitFor(() => expect(near.heard).toContain('own'), within);
    expect(near.heard).toEqual(['own']);
  });

  it('does not settle on who does not know the passwords', async () => {
    const clock = new FakeClock();
    const password = 'another-password-than-that';
    const near = await openEnd(clock, true, { ...other, password });
    const far = await openEnd(clock, false, { ...one, password });
    near.end.add(far.at);
    far.end.add(near.at);
    let received = 0;
    for (const { socket } of [near, far]) socket.on('message', () => received++);
    await vi.waitFor(() => {
      clock.advance(50);
      expect(received).toBeGreaterThan(10);
    }, within);
    expect([near.end.isUp, far.end.isUp]).toEqual([false, false]);
  });

  it('does not answer while its other side is dead, and is then dead itself', async () => {
    const { clock, near, far, becomeUp } = await openPair();
    near.end.add(far.at);
    await becomeUp();
    expect(near.end.isAlive).toBe(true);
    far.state.isWilling = false;
    clock.advance(31_000);
    expect(near.end.isAlive).toBe(false);
  });

  it('leaves no timer', async () => {
    const { clock, near, far } = await openPair();
    near.end.close();
    far.end.close();
    expect(clock.pending).toBe(0);
  });
});
