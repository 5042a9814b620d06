/** The commands of the README, run as a user runs them: through npm, judged by output and exit status, and by what is left behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { readWav } from '../audio/wav.ts';
import { eventually } from './routed-stack.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let running: ChildProcess | null = null;
afterEach(() => {
  running?.kill('SIGKILL');
  running = null;
});

interface Run {
  readonly process: ChildProcess;
  readonly lines: string[];
  readonly errors: string[];
  readonly ended: Promise<number | null>;
}

function npm(args: readonly string[], environment: Record<string, string> = {}): Run {
  const child = spawn('npm', ['--silent', ...args], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running = child;
  const [lines, errors]: [string[], string[]] = [[], []];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  const ended = new Promise<number | null>((settle) => child.once('close', settle));
  return { process: child, lines, errors, ended };
}

interface StartLine {
  readonly edge_url: string;
  readonly livekit_url: string;
  readonly api_key: string;
  readonly api_secret: string;
  readonly sip: string;
  readonly pids: Readonly<Record<string, number>>;
}

const isAlive = (pid: number) => existsSync(`/proc/${pid}`);

describe('npm start', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)(
    '-- --json prints one line when all is ready, and leaves nothing behind after %s to npm',
    async (signal) => {
      const run = npm(['start', '--', '--json']);
      await eventually('the line is there', () => run.lines.length > 0, 60_000);
      const line = JSON.parse(run.lines[0] ?? '') as StartLine;
      expect(Object.keys(line)).toEqual([
        'edge_url',
        'livekit_url',
        'api_key',
        'api_secret',
        'sip',
        'pids',
      ]);
      expect(Object.keys(line.pids)).toEqual(['edge', 'node', 'livekit']);
      expect(line.sip).toMatch(/^127\.0\.0\.1:\d+$/);
      expect((await fetch(`${line.edge_url}/health`)).status).toBe(200);
      expect((await fetch(line.livekit_url.replace(/^ws/, 'http'))).status).toBe(200);
      const pids = Object.values(line.pids);
      expect(pids.every(isAlive)).toBe(true);

      run.process.kill(signal);
      await eventually('every process has ended', () => !pids.some(isAlive), 15_000);
      expect(run.lines).toHaveLength(1);
      if (signal !== 'SIGKILL') expect(await run.ended).toBe(0);
    },
  );

  // Ports below those that the kernel gives to passing sockets.
  it('takes fixed ports, keeps running when a part dies, and says so', async () => {
    const run = npm(['start', '--', '--json', '--sip-port', '25061', '--edge-port', '25080']);
    await eventually('the line is there', () => run.lines.length > 0, 60_000);
    const line = JSON.parse(run.lines[0] ?? '') as StartLine;
    expect(line.sip).toBe('127.0.0.1:25061');
    expect(line.edge_url).toBe('http://127.0.0.1:25080');
    process.kill(line.pids['edge'] ?? 0, 'SIGKILL');
    await eventually('it says so', () =>
      run.errors.some((text) => text.includes('edge has ended (signal SIGKILL)')),
    );
    expect(isAlive(line.pids['node'] ?? 0)).toBe(true);
    run.process.kill('SIGTERM');
    expect(await run.ended).toBe(0);
    expect(Object.values(line.pids).some(isAlive)).toBe(false);
  });

  it('names a wrong option and a missing secret, and starts nothing', async () => {
    const wrong = npm(['start', '--', '--sip-port', 'five']);
    expect(await wrong.ended).toBe(1);
    expect(wrong.errors.join('\n')).toContain('--sip-port is "five"; expected 1 to 65535');
    const partial = npm(['start'], { LIVEKIT_URL: 'ws://127.0.0.1:7880', LIVEKIT_API_KEY: 'k' });
    expect(await partial.ended).toBe(1);
    expect(partial.errors.join('\n')).toContain('LIVEKIT_API_SECRET');
  });
});

describe('npm run demo', () => {
  it('-- --json shows a call, both tones found, and ends with status 0', async () => {
    const run = npm(['run', 'demo', '--', '--json']);
    expect(await run.ended, run.errors.join('\n')).toBe(0);
    expect(run.lines).toHaveLength(1);
    const report = JSON.parse(run.lines[0] ?? '') as {
      ok: boolean;
      timeline: { ms: number; event: string }[];
      recordings: { phone: string; room: string };
      checks: { name: string; ok: boolean }[];
    };
    expect(report.ok).toBe(true);
    expect(report.checks.filter((check) => !check.ok)).toEqual([]);
    const order = report.timeline.map(({ event }) => event.replace(/:.*/, ''));
    for (const [earlier, later] of [
      ['INVITE', '407 Proxy Authentication Required'],
      ['407 Proxy Authentication Required', '180 Ringing'],
      ['180 Ringing', '200 OK'],
      // That the node has answered may be known before the agent has heard from LiveKit that its track is published.
      ['INVITE', 'track published'],
      ['200 OK', 'first audio at the phone'],
      ['200 OK', 'first audio in the room'],
      ['first audio in the room', 'BYE sent'],
      ['BYE sent', 'record at the edge'],
    ] as const) {
      expect(order, `${earlier} before ${later}`).toContain(later);
      expect(order.indexOf(earlier), `${earlier} before ${later}`).toBeLessThan(
        order.indexOf(later),
      );
    }
    for (const file of Object.values(report.recordings)) {
      const { samples, sampleRateHz } = await readWav(file);
      expect(samples.length / sampleRateHz).toBeGreaterThan(2.5);
    }
  });

  it('ends with status 1 when the call cannot be made', async () => {
    const run = npm(['run', 'demo'], {
      LIVEKIT_URL: 'ws://127.0.0.1:9',
      LIVEKIT_API_KEY: 'key',
      LIVEKIT_API_SECRET: 'secret-of-a-server-that-is-not-there',
    });
    expect(await run.ended).toBe(1);
  });
});
