import { createSocket, type Socket } from 'node:dgram';
import { mediaLimits } from '@callgate/shared/limits.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../clock.fake.ts';
import { type PortPair, RtpPortRange } from './rtp-port-range.ts';

const address = '127.0.0.1';
const ranges: RtpPortRange[] = [];
const pairs: PortPair[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const range of ranges.splice(0)) await range.close();
  for (const { rtp, rtcp } of pairs.splice(0)) await Promise.all([rtp.close(), rtcp.close()]);
  for (const socket of sockets.splice(0))
    await new Promise<void>((done) => socket.close(() => done()));
});

/** Below the ports that the kernel gives to whoever asks for any: tests that run meanwhile take none of these. */
let nextPort = 14_000;

async function isFree(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  const isBound = await new Promise<boolean>((done) => {
    socket.once('error', () => done(false));
    socket.bind(port, address, () => done(true));
  });
  await new Promise<void>((done) => socket.close(() => done()));
  return isBound;
}

/** The first of so many ports that were free a moment ago, an even one. */
async function freePorts(count: number): Promise<number> {
  for (;;) {
    const from = nextPort;
    nextPort += count + (count % 2);
    const ports = Array.from({ length: count }, (_, at) => from + at);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return from;
  }
}

async function rangeOf(
  count: number,
  clock = new FakeClock(),
): Promise<{ range: RtpPortRange; from: number }> {
  const from = await freePorts(2 * count);
  const range = new RtpPortRange({ address, range: { from, to: from + 2 * count - 1 }, clock });
  ranges.push(range);
  return { range, from };
}

async function take(range: RtpPortRange): Promise<PortPair> {
  const pair = await range.take();
  pairs.push(pair);
  return pair;
}

async function say(to: number): Promise<void> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  await new Promise<void>((done) => socket.send('x', to, address, () => done()));
  // The datagram is in the other socket's buffer; one turn of the loop delivers it.
  await new Promise<void>((done) => setImmediate(() => setImmediate(done)));
}

describe('RtpPortRange', () => {
  it('hands out even ports of the range, each once', async () => {
    const { range, from } = await rangeOf(4);
    const taken = [await take(range), await take(range), await take(range), await take(range)];
    expect(taken.map(({ rtp }) => rtp.port).sort()).toEqual([from, from + 2, from + 4, from + 6]);
    for (const { rtp, rtcp } of taken) expect(rtcp.port).toBe(rtp.port + 1);
    expect(range.size).toBe(4);
  });

  it('says how many ports are in use when none is free', async () => {
    const { range } = await rangeOf(1);
    await take(range);
    await expect(range.take()).rejects.toMatchObject({
      reason: 'no-rtp-port',
      message: expect.stringContaining('1 of 1'),
    });
  });

  it.each([0, 1])('passes over a pair of which another program has a port: %i', async (which) => {
    const { range, from } = await rangeOf(2);
    const other = createSocket('udp4');
    sockets.push(other);
    await new Promise<void>((done) => other.bind(from + which, address, done));
    expect((await take(range)).rtp.port).toBe(from + 2);
    await expect(range.take()).rejects.toMatchObject({ reason: 'no-rtp-port' });
  });

  it('fails at once on an address that is not ours', async () => {
    const range = new RtpPortRange({
      address: '192.0.2.77',
      range: { from: 20_000, to: 40_000 },
      clock: new FakeClock(),
    });
    ranges.push(range);
    await expect(range.take()).rejects.toMatchObject({
      reason: 'no-rtp-port',
      message: expect.stringContaining('EADDRNOTAVAIL'),
    });
  });

  it('keeps a freed port bound until its old stream has been silent for a second', async () => {
    const clock = new FakeClock();
    const { range } = await rangeOf(1, clock);
    const pair = await take(range);
    const { port } = pair.rtp;
    range.release(pair);
    clock.advance(mediaLimits.portDrainIdleMs - 1);
    await say(port);
    clock.advance(2);
    // Long enough for the sockets to be closed, if they were.
    await new Promise<void>((done) => setImmediate(done));
    expect(range.size).toBe(1);
    await expect(range.take()).rejects.toMatchObject({ reason: 'no-rtp-port' });
    clock.advance(mediaLimits.portDrainIdleMs);
    await new Promise<void>((done) => setImmediate(done));
    expect(range.size).toBe(0);
    expect(clock.pending).toBe(0);
    expect((await take(range)).rtp.port).toBe(port);
  });

  it('frees a port that is never silent after thirty seconds', async () => {
    const clock = new FakeClock();
    const { range } = await rangeOf(1, clock);
    const pair = await take(range);
    const { port } = pair.rtp;
    range.release(pair);
    for (let ms = 0; ms < mediaLimits.portDrainMaxMs + 1_000; ms += 500) {
      if (range.size > 0) await say(port);
      clock.advance(500);
    }
    await new Promise<void>((done) => setImmediate(done));
    expect(range.size).toBe(0);
  });

  it('survives destinations that cannot be and still reaches those that can', async () => {
    const { range } = await rangeOf(2);
    const [{ rtp: from }, { rtp: to }] = [await take(range), await take(range)];
    const heard = new Promise<string>((done) => to.onDatagram((bytes) => done(bytes.toString())));
    from.send(Buffer.from('lost'), '::1', 9);
    from.send(Buffer.from('lost'), address, 0);
    from.send(Buffer.from('heard'), address, to.port);
    expect(await heard).toBe('heard');
  });
});
