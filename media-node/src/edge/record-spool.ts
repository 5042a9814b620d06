/**
 * Records on their way to the edge. A record is on disk before it is sent, and stays there until the edge has acknowledged it; a node
 * that dies delivers the rest when it is started again. Sent one at a time, oldest first, with back-off while the edge is away; the
 * edge counts each once by (call_id, sequence). One file a record, written whole or not at all (temporary name, then rename).
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CallRecord, callRecord } from '@callgate/shared/contract/record.ts';
import { spoolLimits } from '@callgate/shared/limits.ts';
import type { Clock, Timer } from '../clock.ts';
import type { Log } from '../ops/log.ts';
import { EdgeRefusal } from './edge-refusal.ts';

export interface RecordSpoolOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Delivers one record. Rejects when the edge has not acknowledged it. */
  readonly send: (record: CallRecord) => Promise<void>;
}

export class RecordSpool {
  readonly #options: RecordSpoolOptions;
  /** File names in the order of delivery. */
  readonly #queue: string[] = [];
  readonly #writing = new Set<Promise<void>>();
  #sending: Promise<void> | null = null;
  #retry: Timer | null = null;
  #failures = 0;
  #isClosed = false;

  constructor(options: RecordSpoolOptions) {
    this.#options = options;
  }

  /** Records on disk that the edge has not acknowledged. */
  get pending(): number {
    return this.#queue.length + this.#writing.size;
  }

  /** Makes the folder and takes up what an earlier run left. @throws when the folder cannot be written. */
  async open(): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true });
    const names = (await readdir(this.#options.folder)).filter((name) => name.endsWith('.json'));
    this.#queue.push(...names.sort());
    this.#pump();
  }

  /** Takes a record over. Never throws; a record that cannot be kept is an error line in the log. */
  add(record: CallRecord): void {
    if (this.pending >= spoolLimits.recordsMax) {
      this.#options.log('error', 'record-lost', {
        call_id: record.call_id,
        why: `spool holds ${this.pending} records`,
      });
      return;
    }
    const writing = this.#write(record)
      .catch((error: unknown) => {
        this.#options.log('error', 'record-not-spooled', { call_id: record.call_id, why: error });
        // The disk failed: the edge may still take it directly.
        return this.#options.send(record).catch((second: unknown) => {
          this.#options.log('error', 'record-lost', { call_id: record.call_id, why: second });
        });
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
  }

  async #write(record: CallRecord): Promise<void> {
    const name = `${record.invited_at_ms}-${record.call_id}-${record.sequence}.json`;
    const path = join(this.#options.folder, name);
    await writeFile(`${path}.part`, JSON.stringify(record));
    await rename(`${path}.part`, path);
    this.#queue.push(name);
    this.#pump();
  }

  #pump(): void {
    if (this.#sending !== null || this.#retry !== null || this.#isClosed) return;
    this.#sending = this.#drain().finally(() => {
      this.#sending = null;
    });
  }

  async #drain(): Promise<void> {
    for (let name = this.#queue[0]; name !== undefined && !this.#isClosed; name = this.#queue[0]) {
      if ((await this.#deliver(name)) === 'later') return;
      this.#queue.shift();
    }
  }

  async #deliver(name: string): Promise<'done' | 'later'> {
    const path = join(this.#options.folder, name);
    const record = await this.#read(path);
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
        this.#options.log('error', 'record-refused', { call_id: record.call_id, why: error });
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
