/**
 * `npm run demo`: the whole path in one command. Starts the stack, places a call, shows it as a timeline, keeps what both sides heard as
 * WAV files, and proves by tone that they heard each other. Exit status 0 only when every check holds. --json: one line for machines.
 */
import '../agent/quiet-sdk.ts';

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { dispose } from '@livekit/rtc-node';
import { writeWav } from '../audio/wav.ts';
import { startStack } from '../local/stack.ts';
import type { TimelineEntry } from '../phone/timeline.ts';
import { type Demo, runDemo } from './demo-call.ts';
import { type Check, judge } from './verdict.ts';

const recordings = fileURLToPath(new URL('../../recordings', import.meta.url));
/** Of the stack's log, kept for the case that something fails. */
const logLinesKept = 60;

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { json: { type: 'boolean' } } });
  const isJson = values.json ?? false;
  const print = (text: string) => {
    if (!isJson) process.stdout.write(`${text}\n`);
  };
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => stopping.abort(new Error(`stopped by ${signal}`)));
  const log: string[] = [];
  print('starting livekit-server, edge and media node ...');
  const stack = await startStack({
    say: (text) => process.stderr.write(`callgate: ${text}\n`),
    signal: stopping.signal,
    logLevel: 'debug',
    onLine: (part, line) => {
      log.push(`${part.padEnd(7)} ${line}`);
      if (log.length > logLinesKept) log.shift();
    },
  });
  try {
    const demo = await Promise.race([runDemo(stack, print), rejectOn(stopping.signal)]);
    const checks = judge(demo);
    const files = await keepRecordings(demo);
    const ok = checks.every((check) => check.ok);
    if (isJson) process.stdout.write(`${JSON.stringify(report(demo, checks, files, ok))}\n`);
    else printReport(print, demo, checks, files);
    if (!ok) process.stderr.write(`last lines of the stack:\n${log.join('\n')}\n`);
    return ok ? 0 : 1;
  } finally {
    await stack.stop();
    await dispose();
  }
}

interface Recordings {
  readonly phone: string;
  readonly room: string;
}

async function keepRecordings({ call }: Demo): Promise<Recordings> {
  await mkdir(recordings, { recursive: true });
  const files = {
    phone: join(recordings, 'heard-by-the-phone.wav'),
    room: join(recordings, 'heard-in-the-room.wav'),
  };
  await writeWav(files.phone, call.heardByPhone);
  await writeWav(files.room, call.heardByAgent);
  return files;
}

function printReport(
  print: (text: string) => void,
  { call }: Demo,
  checks: readonly Check[],
  files: Recordings,
): void {
  print('\n      ms  from the INVITE');
  for (const { atMs, event } of call.timeline) print(`${atMs.toFixed(1).padStart(8)}  ${event}`);
  print(`\nheard by the phone  ${files.phone}\nheard in the room   ${files.room}\n`);
  for (const { name, ok, seen } of checks) print(`${ok ? 'ok   ' : 'FAIL '} ${name}: ${seen}`);
}

function report(demo: Demo, checks: readonly Check[], files: Recordings, ok: boolean): object {
  const { call, wrongPassword, unknownNumber } = demo;
  return {
    ok,
    timeline: call.timeline.map(({ atMs, event }: TimelineEntry) => ({
      ms: Math.round(atMs * 10) / 10,
      event,
    })),
    recordings: files,
    answer: call.answer,
    wrong_password: wrongPassword,
    unknown_number: unknownNumber,
    call_id: call.callId,
    record: call.record,
    checks,
  };
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, fail) => {
    signal.addEventListener('abort', () => fail(signal.reason), { once: true });
  });
}

main(process.argv.slice(2)).then(
  (status) => process.exit(status),
  (error: unknown) => {
    process.stderr.write(`callgate: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
