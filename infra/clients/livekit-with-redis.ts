/** A real livekit-server with a Redis behind it, which its SIP API needs: the yardstick of the client tests. */

import { freeTcpPort, freeUdpPort } from '../local/free-port.ts';
import { findLivekitBinary } from '../local/livekit-binary.ts';
import { LocalProcess } from '../local/local-process.ts';
import { runProgram } from './run-program.ts';

export interface RedisLivekit {
  readonly url: string;
  /** Forgets all trunks and rules. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const readyMs = 20_000;

/** @throws Error when redis-server is not on PATH, or one of the two does not come up */
export async function startLivekitWithRedis(options: {
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly folder: string;
}): Promise<RedisLivekit> {
  const environment = { PATH: process.env['PATH'] ?? '', HOME: options.folder };
  const redisPort = await freeTcpPort(host);
  const redisArgs = [
    '--bind',
    host,
    '--port',
    String(redisPort),
    '--save',
    '',
    '--appendonly',
    'no',
  ];
  const redis = await LocalProcess.start({
    name: 'redis-server',
    command: 'redis-server',
    args: redisArgs,
    environment,
    folder: options.folder,
  });
  const cli = (command: string) =>
    runProgram('redis-cli', ['-h', host, '-p', String(redisPort), command], 5_000);
  const port = await freeTcpPort(host);
  const config = {
    port,
    bind_addresses: [host],
    keys: { [options.apiKey]: options.apiSecret },
    redis: { address: `${host}:${redisPort}` },
    rtc: { udp_port: await freeUdpPort(host), tcp_port: await freeTcpPort(host), node_ip: host },
  };
  await redis.waitUntil(async () => (await cli('ping')).stdout.trim() === 'PONG', readyMs);
  const server = await LocalProcess.start({
    name: 'livekit-server',
    command: await findLivekitBinary(() => undefined),
    args: ['--config-body', JSON.stringify(config)],
    environment,
    folder: options.folder,
  });
  const url = `http://${host}:${port}`;
  await server.waitUntil(async () => {
    const answer = await fetch(url).catch(() => null);
    return answer?.ok === true;
  }, readyMs);
  return {
    url,
    clear: async () => {
      await cli('flushall');
    },
    stop: async () => {
      await server.stop();
      await redis.stop();
    },
  };
}
