/** What strangers may do to the media of a call that is up, on real sockets: say nothing, hear nothing, end nothing. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { toneShare } from '@callgate/media-node/src/media/audio/tone.ts';
import { writeGoodbye, writeRtcp } from '@callgate/media-node/src/media/rtp/rtcp.ts';
import { writeRtpHeader } from '@callgate/media-node/src/media/rtp/rtp-packet.ts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type MediaCall, MediaCalls } from './media-calls.ts';
import { eventually } from './routed-stack.ts';
import { phoneRateHz } from './rtp-phone.ts';
import { participantRateHz, type ToneParticipant } from './tone-participant.ts';

let calls: MediaCalls;
const strangers: Stranger[] = [];
beforeAll(async () => {
  calls = await MediaCalls.start();
});
afterEach(async () => {
  for (const { socket } of strangers.splice(0)) socket.close();
  await calls.closeAll();
});
afterAll(async () => {
  await calls?.stop();
});

interface Stranger {
  readonly socket: Socket;
  /** Datagrams that came to it. */
  heard: number;
}

async function stranger(address: string): Promise<Stranger> {
  const one: Stranger = { socket: createSocket('udp4'), heard: 0 };
  one.socket.on('message', () => {
    one.heard++;
  });
  one.socket.bind(0, address);
  await once(one.socket, 'listening');
  strangers.push(one);
  return one;
}

/** A call that is up, with 440 Hz from the phone and 700 Hz from the room. */
async function liveCall(room: string): Promise<{ call: MediaCall; agent: ToneParticipant }> {
  const call = await calls.open();
  const agent = await calls.joinTalker(room);
  await agent.play(700);
  await calls.joinRoom(call, room);
  await eventually('audible', () => call.kinds().includes('audible'));
  call.session.connect({ firstMediaMs: 30_000, silenceMs: 15_000 });
  call.phone.play(440, call.session.local);
  await eventually('both hear', () => agent.hears(440) && hearsRoom(call));
  return { call, agent };
}

const hearsRoom = (call: MediaCall) =>
  call.phone.packets.length > 30 && toneShare(call.phone.heard(400), 700, phoneRateHz) > 0.9;

/** RTP of the loudest noise, as the phone sends it but for its sequence number. */
function noise(ssrc: number, sequence: number): Buffer {
  const packet = Buffer.alloc(12 + 160);
  for (let i = 12; i < packet.length; i++) packet[i] = i % 2 === 0 ? 0x00 : 0x80;
  const timestamp = (sequence * 160) >>> 0;
  writeRtpHeader(packet, { marker: false, payloadType: 0, sequence, timestamp, ssrc });
  return packet;
}

/** Both still hear each other and nothing else; the strangers have heard nothing. */
async function goesOn(call: MediaCall, agent: ToneParticipant): Promise<void> {
  const [heardMs, packets] = [agent.heardMs, call.phone.packets.length];
  await eventually(
    'a second more of the tone each way',
    () =>
      agent.heardMs > heardMs + 1_000 &&
      toneShare(agent.heard(800), 440, participantRateHz) > 0.9 &&
      call.phone.packets.length > packets + 50 &&
      toneShare(call.phone.heard(800), 700, phoneRateHz) > 0.9,
  );
  expect(call.kinds()).not.toContain('room-ended');
  expect(strangers.map(({ heard }) => heard)).toEqual(strangers.map(() => 0));
}

describe('strangers at the ports of a call', () => {
  it.each([
    ['the address of the phone', '127.0.0.1'],
    ['another address', '127.0.0.9'],
  ])('put no RTP into it from %s, not even with its SSRC and numbers', async (_what, address) => {
    const { call, agent } = await liveCall(`spray-${address}`);
    const attackers = await Promise.all(Array.from({ length: 8 }, () => stranger(address)));
    const { port, address: to } = call.session.local;
    let sent = 0;
    for (let sequence = 0; sequence < 0x1_0000; sequence += 256) {
      for (const { socket } of attackers) {
        socket.send(noise(call.phone.ssrc, sequence), port, to);
        sent++;
      }
      // Paced, or the kernel drops what it has no room for, the phone's packets among it.
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await goesOn(call, agent);
    const stats = await call.session.close();
    expect(stats?.packetsReceived).toBeLessThanOrEqual(call.phone.sent);
    expect(stats?.packetsForeign).toBeGreaterThan(sent / 2);
    expect(stats?.packetsForeign).toBeLessThanOrEqual(sent);
  });

  it('take nothing over by speaking before the phone does', async () => {
    const call = await calls.open();
    const agent = await calls.joinTalker('early');
    await agent.play(700);
    await calls.joinRoom(call, 'early');
    await eventually('audible', () => call.kinds().includes('audible'));
    call.session.connect({ firstMediaMs: 30_000, silenceMs: 15_000 });
    const { socket } = await stranger('127.0.0.9');
    const { port, address } = call.session.local;
    for (let sequence = 1; sequence < 50; sequence++)
      socket.send(noise(7, sequence), port, address);
    await eventually('the phone hears the room', () => hearsRoom(call));
    expect(call.kinds()).not.toContain('digit');
    call.phone.play(440, call.session.local);
    await eventually('the room hears the phone', () => agent.hears(440));
    await goesOn(call, agent);
  });

  it('end nothing and change no figure by RTCP in its name', async () => {
    const { call, agent } = await liveCall('rtcp-bye');
    const { port, address } = call.session.local;
    const { socket } = await stranger('127.0.0.9');
    const ours = call.phone.packets[0]?.ssrc ?? 0;
    const block = {
      ssrc: ours,
      fractionLost: 1,
      lost: 5_000,
      highestSequence: 0,
      jitterTicks: 8_000,
      lastReport: 0,
      sinceLastReport: 0,
    };
    for (const message of [
      writeGoodbye(call.phone.ssrc, 'phone'),
      writeGoodbye(ours, 'node'),
      writeRtcp(call.phone.ssrc, 'phone', null, block),
      Buffer.of(0x80, 203, 0, 0),
      Buffer.of(0x80, 201, 0xff, 0xff),
    ]) {
      socket.send(message, port + 1, address);
      socket.send(message, port, address);
    }
    await goesOn(call, agent);
    const stats = await call.session.close();
    expect(stats).toMatchObject({ packetsLostAtPhone: 0, roundTripMs: null });
  });

  it('get no answer to STUN, DTLS and what is no protocol at all', async () => {
    const { call, agent } = await liveCall('stun');
    const { port, address } = call.session.local;
    const { socket } = await stranger('127.0.0.1');
    const binding = Buffer.alloc(20);
    binding.writeUInt16BE(1, 0);
    binding.writeUInt32BE(0x2112_a442, 4);
    const clientHello = Buffer.from('16fefd0000000000000000002e0100002200', 'hex');
    const malformed = [
      ...Array.from({ length: 12 }, (_, length) => Buffer.alloc(length, 0x80)),
      // CSRC count 15, an extension past the end, padding past the start, version 1, a payload type of nobody.
      Buffer.concat([Buffer.of(0x8f, 0), Buffer.alloc(12)]),
      Buffer.concat([Buffer.of(0x90, 0), Buffer.alloc(12, 0xff)]),
      Buffer.concat([Buffer.of(0xa0, 0), Buffer.alloc(12, 0xff)]),
      Buffer.concat([Buffer.of(0x40, 0), Buffer.alloc(170)]),
      Buffer.concat([Buffer.of(0x80, 77), Buffer.alloc(1_500)]),
    ];
    for (const message of [binding, clientHello, ...malformed]) {
      for (const to of [port, port + 1]) socket.send(message, to, address);
    }
    await goesOn(call, agent);
  });
});
