/**
 * The program of a media process: a media pool of its own, driven by messages of the main process. It holds no secret but the keys and tokens of its calls,
 * and ends when the main process does.
 */
import { flushCompileCache } from 'node:module';
import { systemClock } from '../../clock.ts';
import { residentBytes } from '../../descriptors.ts';
import { settleHeap } from '../../heap-size.ts';
import type { Log } from '../../ops/log.ts';
import { PartError } from '../../part-error.ts';
import { LocalMediaPool } from '../local-media-pool.ts';
import type { MediaSession, PhoneStream } from '../media-session.ts';
import { putAudioFirst, putAudioInRealTime } from './audio-first.ts';
import type { FromProcess, ProcessSettings, ToProcess } from './messages.ts';

const loadIntervalMs = 1_000;
/** What sessions opened and closed within this make of the load is told once: a message costs as much as the opening of a session. */
const loadSoonMs = 100;

let pool: LocalMediaPool | null = null;
let cpu = process.cpuUsage();
let lookedAtMono = systemClock.nowMono();
/** In the last second. */
let coresUsed = 0;
let isLoadDue = false;
let isSettled = false;
const sessions = new Map<number, MediaSession>();
/** Sessions that were closed before they were open. */
const abandoned = new Set<number>();

putAudioFirst();
process.on('message', (message) => obey(message as ToProcess));
process.on('disconnect', () => process.exit(0));
// A Ctrl-C goes to the whole group; the main process decides when it is time to end.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

function tell(message: FromProcess): void {
  if (process.connected) process.send?.(message);
}

function tellLoad(): void {
  if (pool === null) return;
  const { sessions, rtpPortsBound } = pool.stats();
  const load = { sessions, rtpPortsBound, residentBytes: residentBytes(), coresUsed };
  const [figures] = pool.figures();
  tell({ kind: 'load', load, figures });
}

function tellLoadSoon(): void {
  if (isLoadDue) return;
  isLoadDue = true;
  systemClock.after(loadSoonMs, () => {
    isLoadDue = false;
    tellLoad();
  });
}

function obey(message: ToProcess): void {
  switch (message.do) {
    case 'start':
      return start(message.settings);
    case 'open':
      return void open(message.session, message.callId);
    case 'set-stream':
      return sessions.get(message.session)?.setStream(withBuffers(message.stream));
    case 'join':
      return sessions.get(message.session)?.join(message.room);
    case 'preview':
      return sessions.get(message.session)?.preview();
    case 'connect':
      return sessions.get(message.session)?.connect(message.timeouts);
    case 'play':
      return sessions.get(message.session)?.play(message.sound, message.options);
    case 'stop-sound':
      return sessions.get(message.session)?.stopSound();
    case 'receive-digit':
      return sessions.get(message.session)?.receiveDigit(message.digit);
    case 'set-attributes':
      return sessions.get(message.session)?.setAttributes(message.attributes);
    case 'respond':
      return sessions.get(message.session)?.respond(message.request, message.answer);
    case 'close':
      return void close(message.session);
    case 'stop':
      return void stop();
    default:
      return message satisfies never;
  }
}

function start({ promptsFolder, audioPriority, ...settings }: ProcessSettings): void {
  const log: Log = (level, event, fields = {}) =>
    tell({ kind: 'log', level, event, fields: plain(fields) });
  const why = audioPriority === 'realtime' ? putAudioInRealTime() : null;
  if (why !== null)
    log('error', 'no-realtime', { why: `${why}; audio is only nicer than the rest` });
  pool = new LocalMediaPool({
    ...settings,
    ...(promptsFolder === null ? {} : { promptsFolder }),
    clock: systemClock,
    log,
  });
  // For those that come after: what ends by a signal would not leave it.
  flushCompileCache();
  tellLoad();
  const again = () => {
    const now = systemClock.nowMono();
    const { user, system } = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    coresUsed = (user + system) / 1_000 / Math.max(1, now - lookedAtMono);
    lookedAtMono = now;
    tellLoad();
    // By now the room client is loaded. Calls that are here already go before.
    if (!isSettled && sessions.size === 0) {
      isSettled = true;
      settleHeap();
    }
    systemClock.after(loadIntervalMs, again);
  };
  systemClock.after(loadIntervalMs, again);
}

async function open(session: number, callId: string): Promise<void> {
  try {
    if (pool === null) throw new PartError('internal', 'the media process was not started');
    const opened = await pool.open(callId, (event) => tell({ kind: 'event', session, event }));
    if (abandoned.delete(session)) return void (await opened.close());
    sessions.set(session, opened);
    tell({ kind: 'opened', session, local: opened.local });
  } catch (error) {
    const reason = error instanceof PartError ? error.reason : 'internal';
    const message = error instanceof Error ? error.message : String(error);
    tell({ kind: 'not-opened', session, reason, message });
  }
  tellLoadSoon();
}

async function close(session: number): Promise<void> {
  const closing = sessions.get(session);
  if (closing === undefined) {
    abandoned.add(session);
    return;
  }
  sessions.delete(session);
  tell({ kind: 'closed', session, stats: await closing.close() });
  tellLoadSoon();
}

async function stop(): Promise<void> {
  await pool?.close();
  process.exit(0);
}

/** Buffers arrive as plain byte arrays. */
function withBuffers(stream: PhoneStream): PhoneStream {
  if (stream.srtp === null) return stream;
  const { suite, sendKey, receiveKey } = stream.srtp;
  return {
    ...stream,
    srtp: { suite, sendKey: Buffer.from(sendKey), receiveKey: Buffer.from(receiveKey) },
  };
}

/** Errors lose their message on the way; the log wants nothing else of them. */
function plain(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error ? value.message : value,
    ]),
  );
}
