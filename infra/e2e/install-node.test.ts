/** The regional install, staged into a folder: what it puts there is started as its unit says, and takes a call. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalProcess } from '../local/local-process.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { root } from '../setup/run-tool.ts';
import { asOperator } from './operator.ts';
import { agentIn, agentToneHz, dialUntilAnswered, hearsTone } from './phone-calls.ts';
import { numbers, type RoutedStack, startRoutedStack } from './routed-stack.ts';

let folder = '';
let stack: RoutedStack;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callgate-install-'));
  stack = await startRoutedStack();
});
afterAll(async () => {
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

const run = promisify(execFile);
const script = (...args: string[]) =>
  run('/bin/sh', [`${root}infra/node/install.sh`, ...args, '--root', folder], { cwd: '/' });
const current = () => readlink(join(folder, 'opt/callgate/current'));

describe('install.sh', () => {
  it('stages a node that starts as its unit says and takes a call', async () => {
    expect((await script('install')).stdout).toContain('now fill in');
    const unit = await readFile(join(folder, 'etc/systemd/system/callgate-node.service'), 'utf8');
    const [command = '', ...args] = /^ExecStart=(.+)$/m.exec(unit)?.[1]?.split(' ') ?? [];
    // The token stands in this file: nobody else may read it.
    expect((await stat(join(folder, 'etc/callgate/node.env'))).mode & 0o007).toBe(0);
    expect(existsSync(join(folder, 'etc/systemd/journald@callgate.conf'))).toBe(true);
    expect(
      existsSync(join(folder, 'opt/callgate/current/media-node/src/sip/user-agent.test.ts')),
    ).toBe(false);

    await stack.node.stop();
    const lines: string[] = [];
    const node = await LocalProcess.start({
      name: 'installed node',
      isOurs: true,
      command: join(folder, command),
      args: args.map((argument) => join(folder, argument)),
      environment: {
        CALLGATE_NODE_NAME: 'local',
        CALLGATE_EDGE_URL: stack.edge.url,
        CALLGATE_NODE_TOKEN: stack.edge.secrets.nodeTokens['local'] ?? '',
        CALLGATE_SIP_LISTEN: stack.node.sip,
        CALLGATE_MEDIA_ADDRESS: '127.0.0.1',
        CALLGATE_SPOOL_DIR: join(folder, 'var/lib/callgate/spool'),
      },
      onLine: (line) => lines.push(line),
    });
    const phone = await SipPhone.open('127.0.0.2');
    const agent = await agentIn(stack, numbers[0] ?? '');
    try {
      await node.waitUntil(
        async () => lines.some((line) => line.includes('"event":"ready"')),
        20_000,
      );
      const call = await dialUntilAnswered(stack, phone, numbers[0] ?? '');
      await hearsTone(() => call.heard(), agentToneHz);
      call.hangUp();
      await call.ended;
    } finally {
      await agent.leave();
      phone.close();
      await node.stop();
    }
  });

  it('stages a command that trades a code for a token, by the Node that npm brought', async () => {
    const { body } = await asOperator(stack, 'POST', '/v1/nodes/staged/codes');
    const { code } = body as { code: string };
    await appendFile(
      join(folder, 'etc/callgate/node.env'),
      `CALLGATE_EDGE_URL=${stack.edge.url}\n`,
    );
    const tokenFile = join(folder, 'token');
    // The edge stands in the configuration.
    const { stdout } = await run(
      join(folder, 'usr/local/bin/callgate-node'),
      ['enrol', '--code', code, '--token-file', tokenFile],
      { env: { PATH: '/usr/bin:/bin' }, cwd: '/' },
    );
    expect(stdout).toContain('enrolled as staged');
    expect((await stat(tokenFile)).mode & 0o777).toBe(0o600);
  });

  it('stages a unit that systemd finds little exposed', async () => {
    const unit = join(folder, 'etc/systemd/system/callgate-node.service');
    const { stdout } = await run('systemd-analyze', ['security', '--offline=true', unit]);
    expect(Number(/exposure level for .*: ([\d.]+)/.exec(stdout)?.[1])).toBeLessThanOrEqual(2);
  });

  it('upgrades beside the old version, keeps the configuration, and goes back', async () => {
    const first = await current();
    // Configured by what it was enrolled with above, so it is one to start again.
    await appendFile(
      join(folder, 'etc/callgate/node.env'),
      `CALLGATE_NODE_TOKEN_FILE=${join(folder, 'token')}\n`,
    );
    expect((await script('upgrade')).stdout).not.toContain('fill in');
    const second = await current();
    expect(second).not.toBe(first);
    // As a version of before there was a program to build.
    await rm(join(folder, 'opt/callgate', first, 'program'), { recursive: true });
    await script('rollback');
    expect(await current()).toBe(first);
    const { stdout } = await run(join(folder, 'usr/local/bin/callgate-node'), ['--help']);
    expect(stdout).toContain('callgate-node enrol');
  });

  it('uninstalls all but configuration and records, and with --purge these as well', async () => {
    await script('uninstall');
    expect(existsSync(join(folder, 'opt/callgate'))).toBe(false);
    expect(existsSync(join(folder, 'usr/local/bin/callgate-node'))).toBe(false);
    expect(existsSync(join(folder, 'etc/callgate/node.env'))).toBe(true);
    await script('uninstall', '--purge');
    expect(existsSync(join(folder, 'etc/callgate'))).toBe(false);
  });

  it('names a wrong option and a missing installation', async () => {
    await expect(script('install', '--rooot')).rejects.toThrow('unknown option --rooot');
    await expect(script('upgrade')).rejects.toThrow('nothing is installed here');
  });
});
