/** Calls on real sockets through a network that loses, doubles, delays and reorders: every one is set up and ended, none is left. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { silentLog } from '../ops/log.ts';
import { createSipEndpoint } from './create-sip-endpoint.ts';
import { answerBody } from './endpoint-bench.fake.ts';
import type { SipCall } from './sip-endpoint.ts';
import { SoundCaller } from './sound-caller.fake.ts';
import { ImpairedLink } from './transport/impaired-link.fake.ts';

const callCount = 40;

it('forty calls: 10% lost, 10% doubled, 20% out of order, 20 to 60 ms late (seed 1)', {
  timeout: 60_000,
}, async () => {
  const heard = new Map<string, string[]>();
  const note = (call: SipCall, event: string) => void heard.get(call.invite.callId)?.push(event);
  const endpoint = createSipEndpoint({
    listen: { address: '127.0.0.1', port: 0 },
    advertise: null,
    clock: systemClock,
    log: silentLog,
  });
  const target = await endpoint.listen({
    onInvite(call) {
      heard.set(call.invite.callId, []);
      call.listen({
        onCancel: () => note(call, 'cancel'),
        onAck: () => {},
        onAckMissing: () => note(call, 'ack missing'),
        onBye: () => note(call, 'bye'),
        onReoffer: () => answerBody,
        onTransportFailed: (message) => note(call, message),
      });
      call.provisional({ status: 180, phrase: 'Ringing' });
      systemClock.after(200, () => call.accept(answerBody));
    },
  });
  const link = new ImpairedLink({
    target,
    impairment: { loss: 0.1, duplicate: 0.1, reorder: 0.2, delayMs: [20, 40] },
    clock: systemClock,
    seed: 1,
  });
  const { address, port } = await link.open('127.0.0.3');
  const sockets = await Promise.all(
    Array.from({ length: callCount }, async () => {
      const socket = createSocket('udp4');
      socket.bind(0, '127.0.0.2');
      await once(socket, 'listening');
      return socket;
    }),
  );
  // What the callers would still resend to a closed socket is nobody's business any more.
  let isOver = false;
  const callers = sockets.map((socket, index) => {
    const caller = new SoundCaller(
      systemClock,
      (text) => void (isOver || socket.send(text, port, address)),
      `call-${index}`,
    );
    socket.on('message', (bytes) => {
      const wasAnswered = caller.events.includes('answered');
      caller.receive(bytes.toString('latin1'));
      if (!wasAnswered && caller.events.includes('answered')) caller.bye();
    });
    return caller;
  });
  try {
    for (const caller of callers) caller.invite();
    await until(
      () => [...heard.values()].filter((events) => events.includes('bye')).length === callCount,
    );
    expect(callers.map(({ events }) => events)).toEqual(
      callers.map(() => ['answered', 'bye sent']),
    );
    expect([...heard.values()]).toEqual(callers.map(() => ['bye']));
    expect(endpoint.stats().dialogs).toBe(0);
    expect(Math.min(link.counts.lost, link.counts.doubled, link.counts.heldBack)).toBeGreaterThan(
      10,
    );
  } finally {
    isOver = true;
    for (const socket of sockets) socket.close();
    await link.close();
    await endpoint.close();
  }
});

/** Waits for something real to happen, at most 40 s. */
async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 800 && !holds(); tries += 1) {
    await new Promise<void>((resolve) => void systemClock.after(50, resolve));
  }
  expect(holds()).toBe(true);
}
