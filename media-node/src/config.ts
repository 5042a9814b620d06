/**
 * The node's configuration: environment variables, each checked at start. A wrong one stops the process with a message that names the
 * variable, what it holds (unless it is a secret) and what was expected. The table in README.md is this file in words.
 */

import { isIP } from 'node:net';
import { availableParallelism, networkInterfaces, totalmem } from 'node:os';
import { readHeaderPairs } from '@callgate/shared/header-pairs.ts';
import { admissionLimits } from '@callgate/shared/limits.ts';
import { AdvertisedHosts, readAdvertisedHosts } from './advertised-hosts.ts';
import type { RoomAudio } from './media/media-session.ts';
import type { AudioPriority } from './media/process/messages.ts';
import { type RoomClientName, roomClientNames } from './media/room/room-client.ts';
import { type LogLevel, logLevels } from './ops/log.ts';
import { readTls, type TlsConfig } from './tls-config.ts';

export interface AddressAndPort {
  readonly address: string;
  readonly port: number;
}

export interface NodeConfig {
  readonly name: string;
  readonly edgeUrl: URL;
  /** Empty when the token is in a file. */
  readonly nodeToken: string;
  /** File of the token, read again when it changes; null: the token stands in the environment. */
  readonly tokenFile: string | null;
  readonly sipListen: AddressAndPort;
  /** Further addresses for SIP over UDP and TCP: another family, another network. */
  readonly sipAlsoListen: readonly AddressAndPort[];
  /** Addresses or networks of proxies in front, whose Via says where a call comes from. */
  readonly sipTrustedProxies: readonly string[];
  /** Addresses or networks of balancers whose TCP and TLS connections begin with a PROXY header. */
  readonly sipBalancers: readonly string[];
  /** SIP over TLS; null: none. */
  readonly tls: TlsConfig | null;
  /** Host that Contact and Via name, by who is told; none: the address a request arrived at. */
  readonly sipAdvertise: AdvertisedHosts;
  /** Address that RTP is bound to. */
  readonly mediaAddress: string;
  /** Address that SDP names, by who is told; none: `mediaAddress`. */
  readonly mediaAdvertise: AdvertisedHosts;
  /** Address that media to LiveKit leaves from; 0.0.0.0 or ::: any. */
  readonly roomAddress: string;
  /** Which client joins LiveKit's rooms. */
  readonly roomClient: RoomClientName;
  readonly roomAudio: RoomAudio;
  /** How media processes go before everything else. */
  readonly audioPriority: AudioPriority;
  readonly rtpPorts: { readonly from: number; readonly to: number };
  /** Processes that carry media. */
  readonly mediaProcesses: number;
  /** Processes begin as calls need them; else all at the start. */
  readonly mediaProcessesGrow: boolean;
  /** Prompts of the operator's own; null: those that come with the node. */
  readonly promptsFolder: string | null;
  readonly spoolFolder: string;
  /** Where /health and /stats listen; null: nowhere. */
  readonly healthListen: AddressAndPort | null;
  /** OpenTelemetry collector that gets the spans of calls; null: none. */
  readonly otlp: {
    readonly url: URL;
    /** Sent along with spans; secrets. */
    readonly headers: Readonly<Record<string, string>>;
  } | null;
  readonly logLevel: LogLevel;
  /** From SIGTERM to the BYE of calls that are still up, ms. */
  readonly drainMs: number;
  /** What the node takes. */
  readonly capacity: {
    readonly calls: number;
    readonly callsPerSecond: number;
    /** Share of all cores, 0 to 1. */
    readonly cpu: number;
    readonly residentBytes: number;
  };
}

/** A variable that is missing or wrong. The message is meant for the operator. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the whole configuration. @throws ConfigError that lists every wrong variable, one a line. */
export function readConfig(environment: Environment): NodeConfig {
  const faults: string[] = [];
  const read: Read = (name, parse, expected, fallback) => {
    const text = environment[name]?.trim();
    if (text === undefined || text === '') {
      if (fallback !== undefined) return fallback;
      faults.push(`${name} is not set; expected ${expected}`);
      return undefined as never;
    }
    const value = parse(text);
    if (value === null) {
      const shown = /TOKEN|HEADERS$/.test(name)
        ? `(${text.length} characters)`
        : JSON.stringify(text.slice(0, 80));
      faults.push(`${name} is ${shown}; expected ${expected}`);
      return undefined as never;
    }
    return value;
  };

  const mediaAddress = read(
    'CALLGATE_MEDIA_ADDRESS',
    ipAddress,
    'an IP address of this machine',
    firstAddress(),
  );
  const tokenFile = read<string | null>(
    'CALLGATE_NODE_TOKEN_FILE',
    (text) => text,
    'the file that callgate-node enrol has written',
    null,
  );
  const config: NodeConfig = {
    tokenFile,
    name: read(
      'CALLGATE_NODE_NAME',
      nodeName,
      'lower-case letters, digits and hyphens, 63 at most',
      'node',
    ),
    edgeUrl: read('CALLGATE_EDGE_URL', httpUrl, 'the http(s) URL of the Callgate Worker'),
    nodeToken: read(
      'CALLGATE_NODE_TOKEN',
      token,
      'the token of this node, 16 to 256 printable characters without blanks, or CALLGATE_NODE_TOKEN_FILE instead',
      tokenFile === null ? undefined : '',
    ),
    sipListen: read(
      'CALLGATE_SIP_LISTEN',
      addressAndPort,
      'address:port such as 0.0.0.0:5060 or [::]:5060',
      { address: '0.0.0.0', port: 5060 },
    ),
    sipAlsoListen: read(
      'CALLGATE_SIP_ALSO_LISTEN',
      addressesAndPorts,
      'address:port, several with commas between, such as [::]:5060',
      [],
    ),
    sipTrustedProxies: read(
      'CALLGATE_SIP_TRUSTED_PROXIES',
      networks,
      'addresses or networks such as 10.0.0.5 or 10.0.0.0/24, with commas between',
      [],
    ),
    sipBalancers: read(
      'CALLGATE_SIP_PROXY_PROTOCOL',
      networks,
      'addresses or networks such as 10.0.0.5 or 10.0.0.0/24, with commas between',
      [],
    ),
    tls: readTls(read, faults, addressAndPort),
    sipAdvertise: read(
      'CALLGATE_SIP_ADVERTISE',
      (text) => readAdvertisedHosts(text, isHost),
      'the host name or address that callers can reach, others by network before it: 10.0.0.0/8=10.0.0.5, 203.0.113.5',
      new AdvertisedHosts(null),
    ),
    mediaAddress,
    roomAddress: read(
      'CALLGATE_ROOM_ADDRESS',
      ipAddress,
      'the IP address that media to LiveKit leaves from, 0.0.0.0 for any',
      mediaAddress,
    ),
    roomClient: read<RoomClientName>(
      // The short name is understood as well; the long one wins.
      environment['CALLGATE_ROOM_CLIENT'] === undefined ? 'ROOM_CLIENT' : 'CALLGATE_ROOM_CLIENT',
      roomClient,
      roomClientNames.join(' or '),
      'direct',
    ),
    roomAudio: read<RoomAudio>(
      'CALLGATE_ROOM_AUDIO',
      (text) => (text === 'opus' || text === 'pass-through' ? text : null),
      'opus or pass-through',
      'opus',
    ),
    audioPriority: read<AudioPriority>(
      'CALLGATE_AUDIO_PRIORITY',
      (text) => (text === 'nice' || text === 'realtime' ? text : null),
      'nice or realtime',
      'nice',
    ),
    mediaAdvertise: read(
      'CALLGATE_MEDIA_ADVERTISE',
      (text) => readAdvertisedHosts(text, (address) => isIP(address) !== 0),
      'the IP address that callers send RTP to, others by network before it: 10.0.0.0/8=10.0.0.5, 203.0.113.5',
      new AdvertisedHosts(null),
    ),
    rtpPorts: read('CALLGATE_RTP_PORTS', portRange, 'from-to, 1024 to 65535, at least two ports', {
      from: 10_000,
      to: 20_000,
    }),
    mediaProcesses: read(
      'CALLGATE_MEDIA_PROCESSES',
      processCount,
      'a number of processes, 1 to 64',
      availableParallelism(),
    ),
    mediaProcessesGrow: (environment['CALLGATE_MEDIA_PROCESSES'] ?? '') === '',
    promptsFolder: read<string | null>(
      'CALLGATE_PROMPTS_DIR',
      (text) => text,
      'a folder of prompts, one folder a language in it',
      null,
    ),
    spoolFolder: read(
      'CALLGATE_SPOOL_DIR',
      (text) => text,
      'a folder for records not yet delivered',
      '/var/lib/callgate/spool',
    ),
    healthListen: read<AddressAndPort | null>(
      'CALLGATE_HEALTH_LISTEN',
      addressAndPort,
      'address:port such as 127.0.0.1:8080',
      null,
    ),
    drainMs:
      read('CALLGATE_DRAIN_SECONDS', wholeNumber(0, 86_400), 'seconds, 0 to 86400', 600) * 1_000,
    capacity: readCapacity(read),
    otlp: readOtlp(read),
    logLevel: read('CALLGATE_LOG_LEVEL', logLevel, `one of ${logLevels.join(', ')}`, 'info'),
  };
  if (faults.length > 0) throw new ConfigError(faults.join('\n'));
  return config;
}

/** Reads one variable: its value, the fallback, or a fault noted and a value that nobody will use. */
export type Read = <T>(
  name: string,
  parse: (text: string) => T | null,
  expected: string,
  fallback?: T,
) => T;

function readOtlp(read: Read): NodeConfig['otlp'] {
  const url = read<URL | null>(
    'CALLGATE_OTLP_URL',
    httpUrl,
    'the http(s) URL of an OpenTelemetry collector, such as http://127.0.0.1:4318',
    null,
  );
  const headers = read(
    'CALLGATE_OTLP_HEADERS',
    readHeaderPairs,
    'name=value, several with commas between',
    {},
  );
  return url === null ? null : { url, headers };
}

/** What the node takes; by default as much as its cores and memory are good for. */
function readCapacity(read: Read): NodeConfig['capacity'] {
  const cores = availableParallelism();
  const percent = 'a percentage, 1 to 100';
  const { callsPerCore, callsPerSecondPerCore, cpuDefault, memoryDefault } = admissionLimits;
  return {
    calls: read(
      'CALLGATE_MAX_CALLS',
      wholeNumber(1, 100_000),
      'a number of calls, 1 to 100000',
      callsPerCore * cores,
    ),
    callsPerSecond: read(
      'CALLGATE_MAX_CALLS_PER_SECOND',
      wholeNumber(1, 10_000),
      'new calls a second, 1 to 10000',
      callsPerSecondPerCore * cores,
    ),
    cpu: read('CALLGATE_MAX_CPU', wholeNumber(1, 100), percent, cpuDefault * 100) / 100,
    residentBytes:
      (read('CALLGATE_MAX_MEMORY', wholeNumber(1, 100), percent, memoryDefault * 100) / 100) *
      memoryOfMachine(),
  };
}

/** What this process may use at most: of the machine, or of its control group. */
function memoryOfMachine(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

function wholeNumber(least: number, most: number): (text: string) => number | null {
  return (text) =>
    /^\d{1,6}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : null;
}

function nodeName(text: string): string | null {
  return /^[a-z0-9][a-z0-9-]{0,62}$/.test(text) ? text : null;
}

function token(text: string): string | null {
  return /^[\x21-\x7e]{16,256}$/.test(text) ? text : null;
}

function httpUrl(text: string): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') ? url : null;
}

function addressAndPort(text: string): AddressAndPort | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text);
  const address = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3]);
  return isIP(address) !== 0 && port <= 65_535 ? { address, port } : null;
}

function addressesAndPorts(text: string): AddressAndPort[] | null {
  const all = text.split(',').map((one) => addressAndPort(one.trim()));
  return all.every((one) => one !== null) ? all : null;
}

function networks(text: string): string[] | null {
  const all = text.split(',').map((one) => one.trim());
  return all.every(isNetwork) ? all : null;
}

function isNetwork(text: string): boolean {
  const [address = '', bits] = text.split('/');
  const family = isIP(address);
  if (family === 0) return false;
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
  );
}

function ipAddress(text: string): string | null {
  return isIP(text) === 0 ? null : text;
}

function isHost(text: string): boolean {
  return isIP(text) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]{0,252})$/.test(text);
}

function processCount(text: string): number | null {
  const count = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  return count >= 1 && count <= 64 ? count : null;
}

function portRange(text: string): NodeConfig['rtpPorts'] | null {
  const match = /^(\d{1,5})-(\d{1,5})$/.exec(text);
  const from = Number(match?.[1]);
  const to = Number(match?.[2]);
  return from >= 1_024 && to <= 65_535 && to > from ? { from, to } : null;
}

function roomClient(text: string): RoomClientName | null {
  return roomClientNames.find((name) => name === text) ?? null;
}

function logLevel(text: string): LogLevel | null {
  return logLevels.find((level) => level === text) ?? null;
}

/** The first address of this machine that is not loopback, IPv4 preferred; else loopback. */
function firstAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const outside = all.filter((one) => !one.internal && !one.address.startsWith('fe80:'));
  return (outside.find((one) => one.family === 'IPv4') ?? outside[0])?.address ?? '127.0.0.1';
}
