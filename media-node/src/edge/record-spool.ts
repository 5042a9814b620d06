/**
 * Records on their way to the edge. A record is on disk before it is sent, and stays there until the edge has acknowledged it; a node
 * that dies delivers the rest when it is started again. Sent oldest first, those that come close together in one message, with back-off while the edge is away; the
 * edge counts each once by (call_id, sequence). What waits is in memory as it is on disk, so that nothing is read again; a record that the disk does not
 * take waits in memory alone, and is tried on the disk once more when the node stops.
 */
import { join } from 'node:path';
import { type CallRecord, callRecord } from '@callgate/shared/contract/record.ts';
import { spoolLimits } from '@callgate/shared/limits.ts';
import * as z from 'zod';
import type { Clock, Timer } from '../clock.ts';
import type { Log } from '../ops/log.ts';
import { writeWholeFile } from '../write-whole-file.ts';
import { EdgeRefusal } from './edge-refusal.ts';
import { type JournalFile, RecordJournal } from './record-journal.ts';

export interface RecordSpoolOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Delivers records, each as JSON text. Rejects when the edge has not acknowledged them all. */
  readonly send: (records: readonly string[]) => Promise<void>;
}

/** Of the name of a file that waits for the next start. */
const refusedEnding = '.refused';

/** What a line about a record names. */
type RecordIds = Pick<CallRecord, 'call_id' | 'trace_id' | 'sequence'>;

/** A record that waits. */
interface Waiting {
  readonly ids: RecordIds;
  readonly text: string;
  /** The edge frees a place of its trunk by it: it waits for no other. */
  readonly isUrgent: boolean;
  /** null: the disk did not take it. */
  readonly file: JournalFile | null;
}

export class RecordSpool {
  readonly #options: RecordSpoolOptions;
  readonly #journal: RecordJournal;
  /** In the order of delivery. */
  readonly #queue: Waiting[] = [];
  readonly #writing = new Set<Promise<void>>();
  #sending: Promise<void> | null = null;
  #retry: Timer | null = null;
  /** After a message: what comes meanwhile goes with the next. */
  #gathering: Timer | null = null;
  /** Records at the head to be sent one by one, because the edge refused them together. */
  #alone = 0;
  /** Put aside by this process. */
  #refused = 0;
  #failures = 0;
  #isClosing = false;
  #isClosed = false;

  constructor(options: RecordSpoolOptions) {
    const { folder, clock, log } = options;
    this.#options = options;
    this.#journal = new RecordJournal({
      folder,
      nowWall: () => clock.nowWall(),
      onTrouble: (why) => log('error', 'spool-failed', { why }),
    });
  }

  /** Records that the edge has not acknowledged. */
  get pending(): number {
    return this.#queue.length + this.#writing.size;
  }

  /** Makes the folder and takes up what an earlier run left; what the edge refused then, a newer one may take. @throws when the folder cannot be written. */
  async open(): Promise<void> {
    await this.#journal.takeUpAgain(refusedEnding);
    const unreadable = new Map<JournalFile, string[]>();
    for (const { file, text } of await this.#journal.open()) {
      const record = recordOf(text);
      if (record !== null) this.#queue.push({ ...toSend(record), text, file });
      else unreadable.set(file, [...(unreadable.get(file) ?? []), text]);
    }
    for (const [file, texts] of unreadable) {
      await this.#putAside(`${file.name}.bad`, texts.join('\n'), 'record-unreadable', {});
      for (const _ of texts) this.#journal.forget(file);
    }
    this.#pump();
  }

  /** Takes a record over. Never throws; a record that cannot be kept is an error line in the log. */
  add(record: CallRecord): void {
    const waiting = { ...toSend(record), text: JSON.stringify(record) };
    if (this.pending >= spoolLimits.recordsMax) {
      this.#options.log('error', 'record-lost', {
        ...waiting.ids,
        why: `spool holds ${this.pending} records`,
      });
      return;
    }
    const writing = this.#journal
      .keep(waiting.text)
      .catch((error: unknown) => {
        this.#options.log('error', 'record-not-spooled', { ...waiting.ids, why: error });
        return null;
      })
      .then((file) => {
        this.#writing.delete(writing);
        this.#queue.push({ ...waiting, file });
        this.#pump();
      });
    this.#writing.add(writing);
  }

  /** Tries to deliver what is there, for `withinMs` at most, then stops. What is left stays on disk. */
  async close(withinMs: number): Promise<void> {
    this.#isClosing = true;
    this.#stopTimers();
    await Promise.all(this.#writing);
    const late = Promise.withResolvers<void>();
    const limit = this.#options.clock.after(withinMs, late.resolve);
    await Promise.race([this.#sendRest(), late.promise]);
    limit.cancel();
    this.#isClosed = true;
    this.#stopTimers();
    await this.#writeHeld();
    await this.#journal.close();
    if (this.#queue.length > 0)
      this.#options.log('warn', 'records-left', {
        pending: this.#queue.length,
        why: 'the edge did not take them in time: the next start with this folder sends them',
      });
  }

  async #sendRest(): Promise<void> {
    await this.#sending;
    this.#pump();
    await this.#sending;
  }

  /** The last chance of what is in memory only: the disk may take it now. */
  async #writeHeld(): Promise<void> {
    for (const { ids, text, file } of this.#queue) {
      if (file !== null) continue;
      await this.#journal
        .keep(text)
        .catch((error: unknown) =>
          this.#options.log('error', 'record-lost', { ...ids, why: error }),
        );
    }
  }

  #pump(): void {
    if (this.#sending !== null || this.#retry !== null || this.#isClosed) return;
    if (!this.#isDue()) return;
    this.#gathering?.cancel();
    this.#gathering = null;
    this.#sending = this.#drain().finally(() => {
      this.#sending = null;
      // What came while the last answer was handled.
      if (!this.#isClosing) this.#pump();
    });
  }

  /** Whether there is something to send that need not wait for more. */
  #isDue(): boolean {
    if (this.#queue.length === 0) return false;
    if (this.#gathering === null || this.#isClosing || this.#alone > 0) return true;
    return (
      this.#queue.length >= spoolLimits.messageRecordsMax ||
      this.#queue.some(({ isUrgent }) => isUrgent)
    );
  }

  async #drain(): Promise<void> {
    while (!this.#isClosed && this.#isDue()) {
      const batch = this.#nextBatch();
      if ((await this.#deliver(batch)) === 'later') return;
      this.#gather();
    }
  }

  #gather(): void {
    if (this.#isClosing) return;
    this.#gathering?.cancel();
    this.#gathering = this.#options.clock.after(spoolLimits.gatherMs, () => {
      this.#gathering = null;
      this.#pump();
    });
  }

  /** The records at the head that make one message. */
  #nextBatch(): readonly Waiting[] {
    const { messageRecordsMax, messageBytesMax } = spoolLimits;
    let bytes = 0;
    const first = this.#queue.slice(0, this.#alone > 0 ? 1 : messageRecordsMax);
    const end = first.findIndex(({ text }, index) => {
      bytes += Buffer.byteLength(text);
      return index > 0 && bytes > messageBytesMax;
    });
    return end === -1 ? first : first.slice(0, end);
  }

  /** @returns later: the edge is away, all of it still waits */
  async #deliver(batch: readonly Waiting[]): Promise<'done' | 'later'> {
    try {
      await this.#options.send(batch.map(({ text }) => text));
    } catch (error) {
      if (!(error instanceof EdgeRefusal)) {
        this.#backOff(error);
        return 'later';
      }
      // The edge looked at it and refused: sending it again changes nothing. It stays for the operator.
      const [one] = batch;
      if (batch.length > 1) this.#alone = batch.length;
      else if (one !== undefined) await this.#putAsideRefused(one, error);
      if (batch.length > 1) return 'done';
    }
    this.#failures = 0;
    this.#alone = Math.max(0, this.#alone - batch.length);
    for (const { file } of this.#queue.splice(0, batch.length))
      if (file !== null) this.#journal.forget(file);
    return 'done';
  }

  async #putAsideRefused({ ids, text }: Waiting, why: unknown): Promise<void> {
    this.#refused += 1;
    if (this.#refused > spoolLimits.refusedMax)
      return this.#options.log('error', 'record-lost', { ...ids, why });
    const name = `${ids.call_id}-${ids.sequence}.json${refusedEnding}`;
    await this.#putAside(name, text, 'record-refused', { ...ids, why });
  }

  /** Out of the way of the rest, where an operator finds it. */
  async #putAside(
    name: string,
    text: string,
    event: string,
    fields: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { folder, log } = this.#options;
    log('error', event, { file: name, ...fields });
    await writeWholeFile(join(folder, name), text).catch((error: unknown) =>
      log('error', 'spool-failed', { why: error }),
    );
  }

  #backOff(error: unknown): void {
    this.#failures += 1;
    const delayMs = Math.min(
      spoolLimits.retryMaxMs,
      spoolLimits.retryFirstMs * 2 ** Math.min(this.#failures - 1, 16),
    );
    if (this.#failures === 1)
      this.#options.log('warn', 'records-wait', { pending: this.pending, why: error });
    if (this.#isClosing) return;
    this.#retry = this.#options.clock.after(delayMs, () => {
      this.#retry = null;
      this.#pump();
    });
  }

  #stopTimers(): void {
    this.#retry?.cancel();
    this.#retry = null;
    this.#gathering?.cancel();
    this.#gathering = null;
  }
}

/** What the node itself needs to know of a record; the edge looks at the rest, also of one that a later version has written. */
const spooled = z.object(
  callRecord.pick({ call_id: true, trace_id: true, sequence: true, leased: true }).shape,
);

function toSend(record: z.infer<typeof spooled>): Pick<Waiting, 'ids' | 'isUrgent'> {
  const { call_id, trace_id, sequence, leased } = record;
  return { ids: { call_id, trace_id, sequence }, isUrgent: leased };
}

/** null: the text is no record. */
function recordOf(text: string): z.infer<typeof spooled> | null {
  try {
    return spooled.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // What a killed process left half written.
    return null;
  }
}
