/**
 * The judge from outside: a program that knows nothing of Callgate, places calls at a SIP address and reports as JSON. Given by path; the same
 * program with the same arguments measures every bridge.
 */
import { spawn } from 'node:child_process';
import type { Summary } from '../distribution.ts';
import { type Bridge, benchCredentials, type Load, type Measurement } from './measurement.ts';

/** The rest of the run beside hold and dialling: joins, set-up, hanging up. */
const overheadMs = 120_000;
/** Percent of a core: a judge that needs this much alone was late itself. */
const ownCpuMax = 95;

type Report = Readonly<Record<string, unknown>>;

/**
 * One run of the judge.
 * @param isFirst makes the trunk and the rule that the calls need
 * @param lateMs the room's track is published so long after the 180; 0: before the call
 * @throws Error with its last output when it fails or says what we do not understand
 */
export async function judgeFromOutside(
  program: string,
  bridge: Bridge,
  load: Load,
  { isFirst = false, lateMs = 0 }: { isFirst?: boolean; lateMs?: number } = {},
): Promise<Measurement & { readonly trackTo200Ms: Summary | null }> {
  const { url, apiKey, apiSecret } = bridge.livekit;
  const args = [
    ...['-sip', bridge.sip, '-url', url, '-api', bridge.apiUrl, '-key', apiKey],
    ...['-secret', apiSecret, '-user', benchCredentials.user, '-pass', benchCredentials.password],
    ...['-n', String(load.calls), '-cps', String(load.rate), '-hold', `${load.holdS}s`],
    ...['-pids', String(bridge.pid), '-label', bridge.name],
    ...(lateMs > 0 ? ['-late', `${lateMs}ms`] : []),
    ...(isFirst ? ['-setup'] : []),
  ];
  const timeoutMs = overheadMs + load.holdS * 1_000 + (load.calls / load.rate) * 1_000;
  const report = readReport(await run(program, args, timeoutMs));
  const number = (name: string) => numberOf(report, name);
  return {
    bridge: bridge.name,
    calls: load.calls,
    answered: number('ok'),
    cpuPercentPerCall: number('cpu_pct_per_call'),
    memoryMb: number('pss_mb'),
    phoneToRoomMs: summaryOf(report, 'ms_phone_to_room'),
    roomToPhoneMs: summaryOf(report, 'ms_room_to_phone'),
    toChallengeMs: null,
    to180Ms: summaryOf(report, 'ms_to_180'),
    to200Ms: summaryOf(report, 'ms_to_200'),
    trackTo200Ms: summaryOf(report, 'ms_track_to_200'),
    firstAudioAfter200Ms: null,
    firstAudioOnWireMs: null,
    deliveredToPhone: number('rx_ratio'),
    deliveredToRoom: number('up_ratio'),
    isVoid: number('overruns') > 0 || number('self_cpu_pct') > ownCpuMax,
  };
}

function run(program: string, args: readonly string[], timeoutMs: number): Promise<string> {
  return new Promise((settle, fail) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
    let [output, complaints] = ['', ''];
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
    child.stderr.on('data', (bytes: Buffer) => {
      complaints = (complaints + bytes.toString()).slice(-2_000);
    });
    child.once('error', fail);
    child.once('close', (status, signal) => {
      if (status === 0) settle(output);
      else fail(new Error(`the judge ended with ${signal ?? `status ${status}`}: ${complaints}`));
    });
  });
}

/** Logs of libraries may stand in front of the report. */
function readReport(output: string): Report {
  const start = output.startsWith('{\n') ? 0 : output.indexOf('\n{\n');
  const report: unknown = JSON.parse(output.slice(Math.max(0, start)));
  if (typeof report !== 'object' || report === null) throw new Error(`no report: ${output}`);
  return report as Report;
}

function numberOf(report: Report, name: string): number {
  const value = report[name];
  if (typeof value !== 'number')
    throw new Error(`the judge's ${name} is ${JSON.stringify(value)}; expected a number`);
  return value;
}

/** `n=40 p50=10.1 p95=12.3 max=20.0`; null: nothing was measured. */
function summaryOf(report: Report, name: string): Summary | null {
  const text = String(report[name]);
  const match = /^n=(\d+) p50=(\S+) p95=(\S+) max=(\S+)$/.exec(text);
  if (match === null)
    throw new Error(`the judge's ${name} is ${JSON.stringify(text)}; expected "n=… p50=…"`);
  const [count = 0, p50 = 0, p95 = 0, max = 0] = match.slice(1).map(Number);
  return count === 0 ? null : { count, p50, p95, max };
}
