/**
 * Runs linphonec, the terminal phone of linphone (Debian package linphone-cli), which answers SHA-256 challenges. It takes commands on its standard
 * input, plays a WAV file as its microphone and records what it hears.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readWav, type Sound, writeWav } from '../audio/wav.ts';
import { freeUdpPort } from '../local/free-port.ts';
import { runSecrets } from '../local/secret-watch.ts';

export interface LinphoneOptions {
  readonly user: string;
  readonly password: string;
  readonly realm: string;
  readonly algorithm: 'MD5' | 'SHA-256';
  /** Played without end. */
  readonly says: Sound;
}

export interface LinphoneCall {
  /** What it wrote, such as `Call 1 with sip:… connected.` */
  readonly said: string;
  /** null: it recorded nothing. */
  readonly heard: Sound | null;
}

/** Between commands it wants a moment: it reads one, acts, and only then reads the next. */
const commandMs = 400;
/** What it says when it knows what becomes of its call. */
const isDecided = /Call 1 with .* (connected|ended|error)/;
/** From its call to an answer that it tells of, ms at most. */
const answerMs = 20_000;

/** Calls, talks for `talkMs`, hangs up and quits. @throws Error when linphonec cannot be started */
export async function callWithLinphone(
  number: string,
  target: string,
  talkMs: number,
  options: LinphoneOptions,
): Promise<LinphoneCall> {
  runSecrets.keep('password', options.password);
  const folder = await mkdtemp(join(tmpdir(), 'callgate-linphone-'));
  const says = join(folder, 'says.wav');
  const heard = join(folder, 'heard.wav');
  await writeWav(says, options.says);
  await writeFile(join(folder, 'linphonerc'), await configuration(options));
  const phone = spawn('/usr/bin/linphonec', ['-c', join(folder, 'linphonerc')], {
    env: { HOME: folder, PATH: '/usr/bin:/bin', TERM: 'dumb' },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: talkMs + answerMs + 30_000,
  });
  let said = '';
  for (const stream of [phone.stdout, phone.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
  const ended = new Promise<void>((settle, fail) => {
    phone.once('error', (error) =>
      fail(new Error(`linphonec (Debian package linphone-cli): ${error.message}`)),
    );
    phone.once('close', () => settle());
  });
  // It may quit by itself; then what it wrote says why.
  phone.stdin.on('error', () => {});
  const command = async (text: string, waitMs = commandMs) => {
    phone.stdin.write(`${text}\n`);
    await new Promise((settle) => setTimeout(settle, waitMs));
  };
  const commands = async () => {
    await command('soundcard use files', 1_000);
    await command('ipv6 disable');
    await command(`call sip:${number}@${target}`);
    for (let waitedMs = 0; waitedMs < answerMs && !isDecided.test(said); waitedMs += commandMs)
      await new Promise((settle) => setTimeout(settle, commandMs));
    await command(`play ${says}`);
    await command(`record ${heard}`, talkMs);
    await command('terminate');
    await command('quit');
  };
  try {
    await Promise.all([commands(), ended]);
    return { said, heard: await readWav(heard).catch(() => null) };
  } finally {
    phone.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}

async function configuration(options: LinphoneOptions): Promise<string> {
  return [
    '[sip]',
    `sip_port=${await freeUdpPort('127.0.0.1')}`,
    'sip_tcp_port=-1',
    'sip_tls_port=-1',
    'use_ipv6=0',
    `contact="${options.user}" <sip:${options.user}@127.0.0.1>`,
    '[rtp]',
    `audio_rtp_port=${(await freeUdpPort('127.0.0.1')) & ~1}`,
    '[auth_info_0]',
    `username=${options.user}`,
    `userid=${options.user}`,
    `passwd=${options.password}`,
    `realm=${options.realm}`,
    `algorithm=${options.algorithm}`,
    '',
  ].join('\n');
}
