/**
 * Dialogs that a killed process leaves behind. Its callers would hear silence until a timer of theirs ends the call; so each answered call has a small file, taken away when it
 * ends, and the next process sends BYE for every file it finds: once, spread over time, never again for the same one. A file is written whole or not at all. A
 * disk that does not take it costs the BYE after a kill, and no call.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { leftDialogLimits, sipLimits } from '@callgate/shared/limits.ts';
import * as z from 'zod';
import type { Clock, Timer } from '../clock.ts';
import type { Log } from '../ops/log.ts';
import type { DialogState, SipEndpoint } from '../sip/sip-endpoint.ts';
import { writeWholeFile } from '../write-whole-file.ts';
import type { DialogKeeper } from './call-parts.ts';
import { reasonHeader } from './sip-answers.ts';

export interface LeftDialogsOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Sends the BYE. */
  readonly end: SipEndpoint['endLeftDialog'];
}

/** All of it came in one header section. */
const text = z.string().min(1).max(sipLimits.headerSectionBytesMax);
const hostPort = { address: text, port: z.int().min(1).max(65_535) };

/** What a file holds. */
const leftDialog = z.strictObject({
  ends_before_ms: z.int(),
  dialog: z.strictObject({
    callId: text,
    from: text,
    to: text,
    target: text,
    routes: z.array(text).max(sipLimits.headerSectionBytesMax),
    localNumber: z.int().min(0),
    source: z.strictObject({ ...hostPort, transport: z.enum(['udp', 'tcp', 'tls']) }),
    local: z.strictObject(hostPort),
    isToSource: z.boolean(),
  }),
});

export class LeftDialogs implements DialogKeeper {
  readonly #options: LeftDialogsOptions;
  /** Calls that are up, and when each is over at the latest, ms since epoch. */
  readonly #kept = new Map<string, number>();
  /** What the disk still has to do, by call: one thing after the other. */
  readonly #work = new Map<string, Promise<void>>();
  /** Names of files of an earlier process that have had no BYE. */
  #left: string[] = [];
  #pace: Timer | null = null;
  #isClosed = false;

  constructor(options: LeftDialogsOptions) {
    this.#options = options;
  }

  /** Makes the folder and looks what an earlier process left. @throws when the folder cannot be written */
  async open(): Promise<void> {
    const { folder } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const names = await readdir(folder);
    this.#left = names.filter((name) => name.endsWith('.json')).sort();
    // Half written when the process died.
    const parts = names.filter((name) => name.endsWith('.part'));
    await Promise.all(parts.map((name) => rm(join(folder, name), { force: true })));
  }

  /** Begins to end what was left. The endpoint must be listening. */
  endLeft(): void {
    if (this.#left.length > 0)
      this.#options.log('warn', 'dialogs-left', { dialogs: this.#left.length });
    this.#endNext();
  }

  keep(callId: string, dialog: DialogState, limits: { max_call_duration_ms: number }): void {
    const { clock, log } = this.#options;
    if (this.#isClosed) return;
    const known = this.#kept.get(callId);
    if (known === undefined && this.#kept.size >= leftDialogLimits.dialogsMax) {
      log('warn', 'dialog-not-kept', { call_id: callId, why: 'too many calls' });
      return;
    }
    const endsBeforeMs = known ?? clock.nowWall() + limits.max_call_duration_ms;
    this.#kept.set(callId, endsBeforeMs);
    const file: z.infer<typeof leftDialog> = {
      ends_before_ms: endsBeforeMs,
      dialog: { ...dialog, routes: [...dialog.routes] },
    };
    this.#then(callId, () => writeWholeFile(this.#pathOf(callId), JSON.stringify(file)));
  }

  forget(callId: string): void {
    if (!this.#kept.delete(callId)) return;
    this.#then(callId, () => rm(this.#pathOf(callId), { force: true }));
  }

  /** Sends no further BYE; what has had none stays for the next process. Resolves when the disk is done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#pace?.cancel();
    await Promise.all(this.#work.values());
  }

  #endNext(): void {
    const name = this.#left.shift();
    if (name === undefined || this.#isClosed) return;
    void this.#end(name).catch((error: unknown) =>
      this.#options.log('error', 'left-dialog-failed', { file: name, why: error }),
    );
    this.#pace = this.#options.clock.after(leftDialogLimits.byeEveryMs, () => this.#endNext());
  }

  async #end(name: string): Promise<void> {
    const { clock, folder, log, end } = this.#options;
    const path = join(folder, name);
    const callId = name.slice(0, -'.json'.length);
    let result = 'unusable';
    try {
      const { dialog, ends_before_ms } = leftDialog.parse(JSON.parse(await readFile(path, 'utf8')));
      if (this.#isClosed) return;
      result =
        clock.nowWall() >= ends_before_ms
          ? 'too old'
          : await end(dialog, [reasonHeader('node-lost')]);
      log('info', 'left-dialog-ended', { call_id: callId, result });
    } catch (error) {
      // Nothing of a file is worth a second try: it would fail at every start.
      log('warn', 'left-dialog-unusable', { call_id: callId, why: error });
    }
    // What could not be answered because the node stops has another chance.
    if (this.#isClosed && result === 'unsent') return;
    await rm(path, { force: true });
  }

  /** A disk that fails is a line in the log: the call goes on. */
  #then(callId: string, task: () => Promise<void>): void {
    const work = (this.#work.get(callId) ?? Promise.resolve())
      .then(task)
      .catch((error: unknown) =>
        this.#options.log('warn', 'dialog-not-kept', { call_id: callId, why: error }),
      )
      .finally(() => {
        if (this.#work.get(callId) === work) this.#work.delete(callId);
      });
    this.#work.set(callId, work);
  }

  #pathOf(callId: string): string {
    return join(this.#options.folder, `${callId}.json`);
  }
}
