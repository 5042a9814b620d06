/**
 * livekit/sip as the yardstick: its program by path, with a livekit-server and a Redis of its own, all on loopback. It needs what its program is linked
 * against (on Debian libopus0, libopusfile0, libsoxr0) and redis-server.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLivekitWithRedis } from '../../clients/livekit-with-redis.ts';
import { freeUdpPort } from '../../local/free-port.ts';
import { LocalProcess } from '../../local/local-process.ts';
import type { Bridge } from './measurement.ts';

const host = '127.0.0.1';
/** It says nothing when it is ready; a process that lives this long has read its configuration and reached Redis. */
const settleMs = 2_000;

/** @throws Error with the last lines of the part that does not come up */
export async function startPeer(
  program: string,
  rtpPorts: { readonly from: number; readonly to: number },
): Promise<Bridge> {
  const folder = await mkdtemp(join(tmpdir(), 'callgate-peer-'));
  const apiKey = 'APIpeer';
  const apiSecret = randomBytes(32).toString('base64url');
  const livekit = await startLivekitWithRedis({ apiKey, apiSecret, folder });
  const sipPort = await freeUdpPort(host);
  const config = {
    api_key: apiKey,
    api_secret: apiSecret,
    ws_url: livekit.url.replace('http:', 'ws:'),
    redis: { address: livekit.redisAddress },
    sip_port: sipPort,
    listen_ip: host,
    local_net: '127.0.0.0/8',
    nat_1_to_1_ip: host,
    rtp_port: `${rtpPorts.from}-${rtpPorts.to}`,
    logging: { level: 'warn' },
  };
  const peer = await LocalProcess.start({
    name: 'livekit/sip',
    command: program,
    args: [],
    environment: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      SIP_CONFIG_BODY: JSON.stringify(config),
    },
    folder,
  });
  const stop = async () => {
    // Its SIGTERM waits for calls to end by themselves.
    peer.kill('SIGKILL');
    await peer.ended;
    await livekit.stop();
    await rm(folder, { recursive: true, force: true });
  };
  await new Promise((settle) => setTimeout(settle, settleMs));
  if (!peer.isRunning) {
    const { lastLines } = peer;
    await stop();
    throw new Error(`livekit/sip did not start:\n${lastLines}`);
  }
  return {
    name: 'livekit/sip',
    sip: `${host}:${sipPort}`,
    livekit: { url: livekit.url.replace('http:', 'ws:'), apiKey, apiSecret },
    apiUrl: livekit.url,
    pid: peer.pid,
    stop,
  };
}
