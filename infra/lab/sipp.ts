/** Runs sipp, a SIP caller that nobody here wrote (Debian's sip-tester). A run that fails comes back with what sipp saw, so that a test says why. */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeUdpPort } from '../local/free-port.ts';
import { runSecrets } from '../local/secret-watch.ts';
import { type SippCaller, type SippStep, sippScenario, sippSteps } from './sipp-scenario.ts';

export interface SippOptions {
  /** `127.0.0.1:5060` */
  readonly target: string;
  /** Called number. */
  readonly number: string;
  readonly from?: string;
  readonly user?: string;
  readonly password?: string;
  /** Calls in all, and started per second. */
  readonly calls?: number;
  readonly callsPerSecond?: number;
  /** After this sipp gives up, s; 60 when absent: a busy machine may let a call wait. */
  readonly timeoutS?: number;
  /** Address of the caller; 127.0.0.2 when absent, so that caller and node are told apart. */
  readonly address?: string;
}

export interface SippResult {
  /** True when every call went as the scenario says. */
  readonly succeeded: boolean;
  /** What sipp wrote about errors, and the messages of the run. */
  readonly trace: string;
}

/** Places calls. @throws Error when sipp cannot be started. */
export function runSipp(caller: SippCaller, options: SippOptions): Promise<SippResult> {
  return runSteps(caller, sippSteps[caller], options);
}

/** Places calls that are one test's own. @throws Error when sipp cannot be started. */
export function runSteps(
  name: string,
  steps: readonly SippStep[],
  options: SippOptions,
): Promise<SippResult> {
  return inScratchFolder(async (folder) => {
    const status = await placeCalls(folder, name, steps, options, ['-trace_err', '-trace_msg']);
    return { succeeded: status === 0, trace: status === 0 ? '' : await traceOf(folder, status) };
  });
}

/**
 * Places calls and times them.
 * @returns every value of every timer of the steps, ms; a call that did not get so far has none
 * @throws Error when sipp cannot be started
 */
export function timeSipp(
  steps: readonly SippStep[],
  options: SippOptions,
): Promise<ReadonlyMap<number, readonly number[]>> {
  return inScratchFolder(async (folder) => {
    await placeCalls(folder, 'timed', steps, options, ['-trace_rtt', '-rtt_freq', '1']);
    const file = (await readdir(folder)).find((name) => name.endsWith('_rtt.csv'));
    return file === undefined ? new Map() : readTimes(await readFile(join(folder, file), 'latin1'));
  });
}

/** Lines of `date;ms;timer` below a heading. */
function readTimes(csv: string): ReadonlyMap<number, readonly number[]> {
  const times = new Map<number, number[]>();
  for (const line of csv.split('\n').slice(1)) {
    const [, ms, timer] = line.split(';').map(Number);
    if (ms === undefined || timer === undefined) continue;
    times.set(timer, [...(times.get(timer) ?? []), ms]);
  }
  return times;
}

async function inScratchFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'callgate-sipp-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns sipp's exit status */
async function placeCalls(
  folder: string,
  name: string,
  steps: readonly SippStep[],
  options: SippOptions,
  trace: readonly string[],
): Promise<number> {
  if (options.password !== undefined) runSecrets.keep('password', options.password);
  const file = join(folder, 'scenario.xml');
  await writeFile(file, sippScenario(name, steps));
  const address = options.address ?? '127.0.0.2';
  return await run(folder, [
    options.target,
    ...['-sf', file],
    ...['-i', address, '-p', String(await freeUdpPort(address))],
    ...['-mi', address, '-mp', String(await freeUdpPort(address))],
    ...['-s', options.number],
    ...['-key', 'from_user', options.from ?? '+15550199'],
    ...['-au', options.user ?? 'none', '-ap', options.password ?? 'none'],
    ...['-m', String(options.calls ?? 1), '-r', String(options.callsPerSecond ?? 10)],
    ...['-timeout', `${options.timeoutS ?? 60}s`, '-timeout_error'],
    ...['-nostdin', ...trace],
  ]);
}

function run(folder: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const sipp = spawn('sipp', args, {
      cwd: folder,
      stdio: 'ignore',
      env: { ...process.env, TERM: 'dumb' },
    });
    sipp.once('error', (error) =>
      reject(new Error(`sipp could not be started (Debian package sip-tester): ${error.message}`)),
    );
    sipp.once('exit', (status) => resolve(status ?? 255));
  });
}

async function traceOf(folder: string, status: number): Promise<string> {
  const parts = [`sipp ended with status ${status}`];
  for (const name of await readdir(folder)) {
    if (name.endsWith('.log'))
      parts.push((await readFile(join(folder, name), 'latin1')).slice(-8_000));
  }
  return parts.join('\n');
}
