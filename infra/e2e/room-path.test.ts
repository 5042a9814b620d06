/** The way to LiveKit's media port dies under a call while the signalling stays as it is. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type LivekitServer, startLivekitServer } from '../local/livekit-server.ts';
import { putBehindGate } from './gated-media.ts';
import { playTone } from './play-tone.ts';
import { callerThroughProxy } from './room-caller.ts';
import { eventually } from './routed-stack.ts';
import { ToneParticipant } from './tone-participant.ts';
import { UdpGate } from './udp-gate.ts';

let server: LivekitServer;
beforeAll(async () => {
  server = await startLivekitServer({ say: () => {} });
});
afterAll(async () => {
  await server?.stop();
});

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const ended = 'room-stay-ended';

describe.each(['one connection', 'two connections'] as const)('with %s', (connections) => {
  it('joins anew, and is heard and hears, long before ICE gives the old way up', async () => {
    const gate = await UdpGate.listen();
    gate.allowed = null;
    closers.push(async () => gate.close());
    const caller = await callerThroughProxy(server, `forgotten, ${connections}`, closers, {
      connections,
      prepare: (proxy) => putBehindGate(proxy, gate),
    });
    const { agent, room, events, frames, tracks } = caller;
    const stop = playTone(room, 440);
    closers.push(async () => stop());
    await eventually('it is heard', () => agent.hears(440));
    gate.rebind();
    await eventually('a second stay', () => tracks() === 2);
    const before = frames();
    agent.forget();
    await eventually('both are heard', () => frames() > before + 20 && agent.hears(440));
    expect(events).toEqual(['joined', 'track', 'track-ended', 'track']);
  });

  it('stays as long as it is heard, though nobody else says anything', async () => {
    const caller = await callerThroughProxy(server, `alone, ${connections}`, closers, {
      connections,
    });
    const { agent, room, logged } = caller;
    const listener = await ToneParticipant.join(server, agent.room.name ?? '', 'listener');
    closers.push(() => listener.leave());
    const stop = playTone(room, 440);
    closers.push(async () => stop());
    await agent.leave();
    const before = logged.filter((event) => event === ended).length;
    // Longer than a way that brings nothing back is believed in.
    await eventually('it has been heard for long', () => listener.heardMs > 8_000, 60_000);
    expect(logged.filter((event) => event === ended)).toHaveLength(before);
  });
});
