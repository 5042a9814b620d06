/**
 * Records on their way to the edge. A record is on disk before it is sent, and stays there until the edge has acknowledged it; a node
 * that dies delivers the rest when it is started again. Sent one at a time, oldest first, with back-off while the edge is away; the
 * edge counts each once by (call_id, sequence). One file a record, written whole or not at all (temporary name, then rename). A record that the disk does not
 * take waits in memory, and is tried on the disk once more when the node stops.
 */
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CallRecord, callRecord } from '@callgate/shared/contract/record.ts';
import { spoolLimits } from '@callgate/shared/limits.ts';
import type { Clock, Timer } from '../clock.ts';
import type { Log } from '../ops/log.ts';
import { writeWholeFile } from '../write-whole-file.ts';
import { EdgeRefusal } from './edge-refusal.ts';

export interface RecordSpoolOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Delivers one record. Rejects when the edge has not acknowledged it. */
  readonly send: (record: CallRecord) => Promise<void>;
}

/** A record that waits. */
interface Waiting {
  /** Of its file. */
  readonly name: string;
  /** Held in memory because the disk failed; null: it is in the file. */
  readonly held: CallRecord | null;
}

export class RecordSpool {
  readonly #options: RecordSpoolOptions;
  /** In the order of delivery. */
  readonly #queue: Waiting[] = [];
  readonly #writing = new Set<Promise<void>>();
  #sending: Promise<void> | null = null;
  #retry: Timer | null = null;
  #failures = 0;
  #isClosed = false;

  constructor(options: RecordSpoolOptions) {
    this.#options = options;
  }

  /** Records that the edge has not acknowledged. */
  get pending(): number {
    return this.#queue.length + this.#writing.size;
  }

  /** Makes the folder and takes up what an earlier run left. @throws when the folder cannot be written. */
  async open(): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true });
    const names = (await readdir(this.#options.folder)).filter((name) => name.endsWith('.json'));
    this.#queue.push(...names.sort().map((name) => ({ name, held: null })));
    this.#pump();
  }

  /** Takes a record over. Never throws; a record that cannot be kept is an error line in the log. */
  add(record: CallRecord): void {
    if (this.pending >= spoolLimits.recordsMax) {
      this.#options.log('error', 'record-lost', {
        ...idsOf(record),
        why: `spool holds ${this.pending} records`,
      });
      return;
    }
    const writing = this.#write(record)
      .catch((error: unknown) => {
        this.#options.log('error', 'record-not-spooled', { ...idsOf(record), why: error });
        this.#enqueue({ name: fileName(record), held: record });
      })
      .finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }

  /** Tries to deliver what is there, for `withinMs` at most, then stops. What is left stays on disk. */
  async close(withinMs: number): Promise<void> {
    this.#retry?.cancel();
    this.#retry = null;
    await Promise.all(this.#writing);
    this.#pump();
    let limit: Timer | null = null;
    const late = new Promise<void>((resolve) => {
      limit = this.#options.clock.after(withinMs, resolve);
    });
    await Promise.race([this.#sending ?? Promise.resolve(), late]);
    (limit as Timer | null)?.cancel();
    this.#isClosed = true;
    this.#cancelRetry();
    await this.#writeHeld();
  }

  async #write(record: CallRecord): Promise<void> {
    const name = fileName(record);
    await this.#writeFile(name, record);
    this.#enqueue({ name, held: null });
  }

  async #writeFile(name: string, record: CallRecord): Promise<void> {
    await writeWholeFile(join(this.#options.folder, name), JSON.stringify(record));
  }

  /** The last chance of what is in memory only: the disk may take it now. */
  async #writeHeld(): Promise<void> {
    for (const { name, held } of this.#queue) {
      if (held === null) continue;
      await this.#writeFile(name, held).catch((error: unknown) =>
        this.#options.log('error', 'record-lost', { ...idsOf(held), why: error }),
      );
    }
  }

  #enqueue(waiting: Waiting): void {
    this.#queue.push(waiting);
    this.#pump();
  }

  #pump(): void {
    if (this.#sending !== null || this.#retry !== null || this.#isClosed) return;
    this.#sending = this.#drain().finally(() => {
      this.#sending = null;
    });
  }

  async #drain(): Promise<void> {
    for (let head = this.#queue[0]; head !== undefined && !this.#isClosed; head = this.#queue[0]) {
      if ((await this.#deliver(head)) === 'later') return;
      this.#queue.shift();
    }
  }

  async #deliver({ name, held }: Waiting): Promise<'done' | 'later'> {
    const path = join(this.#options.folder, name);
    const record = held ?? (await this.#read(path));
    if (record === null) {
      await rename(path, `${path}.bad`).catch((error: unknown) =>
        this.#options.log('error', 'spool-failed', { why: error }),
      );
      return 'done';
    }
    try {
      await this.#options.send(record);
    } catch (error) {
      if (error instanceof EdgeRefusal) {
        // The edge looked at it and refused: sending it again changes nothing. It stays for the operator.
        this.#options.log('error', 'record-refused', { ...idsOf(record), why: error });
        if (held !== null) return 'done';
        await rename(path, `${path}.refused`).catch((failure: unknown) =>
          this.#options.log('error', 'spool-failed', { why: failure }),
        );
        return 'done';
      }
      this.#backOff(error);
      return 'later';
    }
    this.#failures = 0;
    await rm(path, { force: true });
    return 'done';
  }

  async #read(path: string): Promise<CallRecord | null> {
    try {
      const reading = callRecord.safeParse(JSON.parse(await readFile(path, 'utf8')));
      if (reading.success) return reading.data;
      this.#options.log('error', 'record-unreadable', {
        file: path,
        why: reading.error.issues[0]?.message,
      });
    } catch (error) {
      this.#options.log('error', 'record-unreadable', { file: path, why: error });
    }
    return null;
  }

  #backOff(error: unknown): void {
    this.#failures += 1;
    const delayMs = Math.min(
      spoolLimits.retryMaxMs,
      spoolLimits.retryFirstMs * 2 ** Math.min(this.#failures - 1, 16),
    );
    if (this.#failures === 1)
      this.#options.log('warn', 'records-wait', { pending: this.pending, why: error });
    if (this.#isClosed) return;
    this.#retry = this.#options.clock.after(delayMs, () => {
      this.#retry = null;
      this.#pump();
    });
  }

  #cancelRetry(): void {
    this.#retry?.cancel();
    this.#retry = null;
  }
}

/** Sorts by the time of the call. */
function fileName(record: CallRecord): string {
  return `${record.invited_at_ms}-${record.call_id}-${record.sequence}.json`;
}

/** What a line about a record names. */
function idsOf({ call_id, trace_id }: CallRecord): Pick<CallRecord, 'call_id' | 'trace_id'> {
  return { call_id, trace_id };
}
