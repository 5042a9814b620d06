/**
 * livekit/sip as the subject of a drill: its program, a Redis and a livekit-server on it, routed like Callgate. Only for comparison: nothing of Callgate needs
 * it. Debian: libopus0 libopusfile0 libsoxr0 redis-server.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { SipClient } from 'livekit-server-sdk';
import { pause } from '../e2e/phone-calls.ts';
import { makeNumbers, routeNumbers } from '../e2e/routed-stack.ts';
import { freeTcpPort, freeUdpPort } from '../local/free-port.ts';
import { type LivekitServer, startLivekitServer } from '../local/livekit-server.ts';
import { LocalProcess } from '../local/local-process.ts';
import type { Subject } from './subject.ts';

const host = '127.0.0.1';
const readyMs = 20_000;
const spareNumbers = 50;

/** @param program path of a livekit-sip */
export async function startPeer(program: string, calls: number): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'callgate-peer-'));
  const environment = { PATH: process.env['PATH'] ?? '', HOME: folder };
  const redisPort = await freeTcpPort(host);
  const redisAddress = `${host}:${redisPort}`;
  const redis = await LocalProcess.start({
    name: 'redis-server',
    command: 'redis-server',
    args: ['--bind', host, '--port', String(redisPort), '--save', '', '--appendonly', 'no'],
    environment,
    folder,
  });
  let livekit: LivekitServer = await startLivekitServer({ say: () => {}, redisAddress });
  const sipPort = await freeUdpPort(host);
  const healthPort = await freeTcpPort(host);
  const config = {
    api_key: livekit.apiKey,
    api_secret: livekit.apiSecret,
    ws_url: livekit.url,
    redis: { address: redisAddress },
    sip_port: sipPort,
    listen_ip: host,
    local_net: '127.0.0.0/8',
    nat_1_to_1_ip: host,
    rtp_port: '20000-21999',
    health_port: healthPort,
    logging: { level: 'warn' },
  };
  const startBridge = async () => {
    const started = await LocalProcess.start({
      name: 'livekit-sip',
      command: program,
      args: ['--config-body', JSON.stringify(config)],
      environment,
      folder,
    });
    await started.waitUntil(() => isHealthy(healthPort), readyMs);
    return started;
  };
  let bridge = await startBridge();
  const numbers = makeNumbers(calls + spareNumbers);
  await routeNumbers(new SipClient(livekit.url, livekit.apiKey, livekit.apiSecret), numbers);
  // It learns of trunks through Redis; nothing tells when.
  await pause(1_000);
  return {
    numbers,
    roomAddress: outerAddress(),
    sip: `${host}:${sipPort}`,
    get livekit() {
      return livekit;
    },
    get bridge() {
      return bridge;
    },
    get room() {
      return livekit;
    },
    restartBridge: async () => {
      bridge = await startBridge();
    },
    restartRoom: async () => {
      const port = Number(new URL(livekit.url).port);
      livekit = await startLivekitServer({ say: () => {}, redisAddress, port, key: livekit });
    },
    stop: async () => {
      bridge.kill('SIGKILL');
      await bridge.ended;
      await livekit.stop();
      await redis.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Its rooms' media leaves from an address of the machine that is not loopback, if there is one. */
function outerAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? host;
}

/** 200, and 429 when it thinks the machine busy; 503 while it starts. */
async function isHealthy(port: number): Promise<boolean> {
  const answer = await fetch(`http://${host}:${port}/`).catch(() => null);
  return answer !== null && answer.status !== 503;
}
