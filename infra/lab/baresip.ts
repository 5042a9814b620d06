/**
 * Runs baresip, a SIP phone that nobody here wrote (Debian's baresip-core), with a folder of its own: it plays a sound as its microphone, keeps what
 * it hears as a WAV file, and is driven over its control socket (netstrings of JSON).
 */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readWav, type Sound, writeWav } from '../audio/wav.ts';
import { freeTcpPort, freeUdpPort } from '../local/free-port.ts';
import { LocalProcess } from '../local/local-process.ts';
import { runSecrets } from '../local/secret-watch.ts';

export type BaresipCodec = 'PCMU/8000/1' | 'PCMA/8000/1' | 'G722/16000/1' | 'opus/48000/2';

export interface BaresipOptions {
  readonly from: string;
  readonly user: string;
  readonly password: string;
  readonly codec: BaresipCodec;
  /** Played without end; in the rate of the codec's sound, baresip resamples nothing. */
  readonly says: Sound;
  /** Where it listens; 127.0.0.1 when absent. */
  readonly address?: '127.0.0.1' | '::1';
  /** More parameters of the account, such as `mediaenc=srtp-mand`. */
  readonly account?: readonly string[];
}

/** An event of baresip, such as CALL_ESTABLISHED or CALL_CLOSED with what the other side answered. */
export interface BaresipEvent {
  readonly type: string;
  readonly param: string;
}

const readyMs = 10_000;
/** A control message is a line of JSON; more than this is not one. */
const messageCharactersMax = 65_536;

export class Baresip {
  readonly events: BaresipEvent[] = [];
  readonly #folder: string;
  readonly #process: LocalProcess;
  readonly #control: Socket;
  #received = '';

  private constructor(folder: string, process: LocalProcess, control: Socket) {
    this.#folder = folder;
    this.#process = process;
    this.#control = control;
    control.setEncoding('utf8');
    control.on('data', (text: string) => this.#receive(text));
    // Its end shows in the process; nothing is written after that.
    control.on('error', () => {});
  }

  /** @throws Error with what baresip says when it does not start, or is not installed. */
  static async start(options: BaresipOptions): Promise<Baresip> {
    runSecrets.keep('password', options.password);
    const folder = await mkdtemp(join(tmpdir(), 'callgate-baresip-'));
    const controlPort = await freeTcpPort('127.0.0.1');
    await writeWav(join(folder, 'says.wav'), options.says);
    await writeFile(join(folder, 'config'), await config(folder, controlPort, options));
    await writeFile(join(folder, 'accounts'), account(options));
    await writeFile(join(folder, 'contacts'), '');
    const process = await LocalProcess.start({
      name: 'baresip (Debian package baresip-core)',
      command: '/usr/bin/baresip',
      args: [...(options.address === '::1' ? ['-6'] : []), '-f', folder],
      environment: { HOME: folder, TERM: 'dumb' },
    });
    let control: Socket | null = null;
    try {
      await process.waitUntil(async () => {
        control = await connectTo(controlPort);
        return control !== null;
      }, readyMs);
    } catch (error) {
      await process.stop();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
    if (control === null) throw new Error('baresip has no control socket');
    return new Baresip(folder, process, control);
  }

  /** Calls a number at `127.0.0.1:5060`. @param parameters of the URI, such as `;transport=tcp` */
  dial(number: string, target: string, parameters = ''): void {
    this.command('dial', `sip:${number}@${target}${parameters}`);
  }

  /** `hangup`, `hold`, `resume`, `reinvite`, `sndcode` with a digit, `transfer` with a URI ... */
  command(command: string, parameters = ''): void {
    const text = JSON.stringify({ command, params: parameters });
    this.#control.write(`${Buffer.byteLength(text)}:${text},`);
  }

  /** Whether an event of this type has come. */
  has(type: string): boolean {
    return this.events.some((event) => event.type === type);
  }

  /** What it wrote last, for messages of failed tests. */
  get said(): string {
    return this.#process.lastLines;
  }

  /** Ends baresip, which hangs up, and gives back what it heard; null when there was no audio. */
  async stop(): Promise<Sound | null> {
    this.#control.destroy();
    await this.#process.stop();
    const files = await readdir(this.#folder);
    const heard = files.find((name) => name.endsWith('-dec.wav'));
    const sound = heard === undefined ? null : await readWav(join(this.#folder, heard));
    await rm(this.#folder, { recursive: true, force: true });
    return sound;
  }

  #receive(text: string): void {
    this.#received += text;
    for (;;) {
      const colon = this.#received.indexOf(':');
      const length = Number(this.#received.slice(0, Math.max(0, colon)));
      if (colon < 0 || this.#received.length < colon + 1 + length + 1) break;
      const message = JSON.parse(this.#received.slice(colon + 1, colon + 1 + length)) as {
        type?: string;
        param?: string;
      };
      this.#received = this.#received.slice(colon + 1 + length + 1);
      if (message.type !== undefined)
        this.events.push({ type: message.type, param: message.param ?? '' });
    }
    if (this.#received.length > messageCharactersMax) this.#control.destroy();
  }
}

async function config(
  folder: string,
  controlPort: number,
  { says, codec, address = '127.0.0.1' }: BaresipOptions,
): Promise<string> {
  // Even, with room for RTCP and a few more; baresip looks for a free pair itself.
  const rtpPort = (await freeUdpPort('127.0.0.1')) & ~1;
  const channels = codec.endsWith('/2') ? 2 : 1;
  const modules = ['g711', 'g722', 'opus', 'aufile', 'aubridge', 'sndfile', 'srtp'];
  return [
    'poll_method epoll',
    `sip_listen ${hostOf(address)}:${await freeUdpPort(address)}`,
    `audio_source aufile,${join(folder, 'says.wav')}`,
    'audio_player aubridge,heard',
    'audio_alert aubridge,alert',
    `ausrc_srate ${says.sampleRateHz}`,
    `auplay_srate ${says.sampleRateHz}`,
    'ausrc_channels 1',
    `auplay_channels ${channels === 2 ? 1 : channels}`,
    `rtp_ports ${rtpPort}-${rtpPort + 20}`,
    'module_path /usr/lib/baresip/modules',
    ...modules.map((name) => `module ${name}.so`),
    'module_tmp uuid.so',
    'module_tmp account.so',
    'module_app menu.so',
    'module_app ctrl_tcp.so',
    `ctrl_tcp_listen 127.0.0.1:${controlPort}`,
    `snd_path ${folder}`,
    '',
  ].join('\n');
}

function hostOf(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

function account(options: BaresipOptions): string {
  const { from, user, password, codec, account: more = [], address = '127.0.0.1' } = options;
  const parameters = [
    'regint=0',
    `auth_user=${user}`,
    `auth_pass=${password}`,
    `audio_codecs=${codec}`,
    ...more,
  ];
  return `<sip:${from}@${hostOf(address)}>;${parameters.join(';')}\n`;
}

function connectTo(port: number): Promise<Socket | null> {
  return new Promise((settle) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => settle(socket));
    socket.once('error', () => settle(null));
  });
}
