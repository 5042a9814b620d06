/**
 * Texts on disk, a line each, in files that only grow: to keep one costs one write, which those that come meanwhile share. A file is emptied when nothing of it waits any more, and
 * removed when it is long or of an earlier process, so that a start finds what still waits and little else. What a killed process left half written is a last line without an end.
 */
import { type FileHandle, mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { spoolLimits } from '@callgate/shared/limits.ts';

export interface JournalOptions {
  readonly folder: string;
  /** ms since epoch: files are read again in the order of their making. */
  readonly nowWall: () => number;
  /** The disk did not let go of something; told, since nobody waits for that. */
  readonly onTrouble: (why: unknown) => void;
}

/** A file of the journal. */
export interface JournalFile {
  readonly name: string;
  /** Open while lines are added to it. */
  handle: FileHandle | null;
  /** All of it is whole lines. */
  bytes: number;
  /** Lines that wait. */
  waiting: number;
}

/** A line of an earlier process. */
export interface LeftLine {
  readonly file: JournalFile;
  readonly text: string;
}

interface Unwritten {
  readonly text: string;
  readonly resolve: (file: JournalFile) => void;
  readonly reject: (error: unknown) => void;
}

export class RecordJournal {
  readonly #options: JournalOptions;
  /** Where lines are added; null: the next one makes a file. */
  #current: JournalFile | null = null;
  #unwritten: Unwritten[] = [];
  readonly #emptied = new Set<JournalFile>();
  #work: Promise<void> | null = null;
  #files = 0;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Has `open` read files that were put aside under an ending of their own. Before `open`. */
  async takeUpAgain(ending: string): Promise<void> {
    const { folder } = this.#options;
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(folder))
      if (name.endsWith(`.json${ending}`))
        await rename(join(folder, name), join(folder, name.slice(0, -ending.length)));
  }

  /** Makes the folder and reads what was left, the oldest first. @throws when the folder cannot be used */
  async open(): Promise<readonly LeftLine[]> {
    const { folder } = this.#options;
    await mkdir(folder, { recursive: true });
    // A file of an older version has one text.
    const names = (await readdir(folder)).filter((name) => /\.jsonl?$/.test(name)).sort();
    const left: LeftLine[] = [];
    for (const name of names) {
      const texts = (await readFile(join(folder, name), 'utf8')).split('\n').filter(Boolean);
      const file = { name, handle: null, bytes: 0, waiting: texts.length };
      left.push(...texts.map((text) => ({ file, text })));
      if (texts.length === 0) this.#letGo(file);
    }
    return left;
  }

  /** Keeps a text of one line. @returns where it is. Rejects when the disk does not take it. */
  keep(text: string): Promise<JournalFile> {
    return new Promise((resolve, reject) => {
      this.#unwritten.push({ text, resolve, reject });
      this.#begin();
    });
  }

  /** A line of this file waits no more. */
  forget(file: JournalFile): void {
    file.waiting -= 1;
    if (file.waiting === 0) this.#letGo(file);
  }

  /** Resolves when the disk is done; files of which nothing waits are gone then. */
  async close(): Promise<void> {
    await this.#work;
    if (this.#current !== null) await this.#end(this.#current);
  }

  #letGo(file: JournalFile): void {
    this.#emptied.add(file);
    this.#begin();
  }

  #begin(): void {
    this.#work ??= this.#run().finally(() => {
      this.#work = null;
    });
  }

  /** One thing after the other, until nothing is left to do. */
  async #run(): Promise<void> {
    while (this.#unwritten.length > 0 || this.#emptied.size > 0) {
      const lines = this.#unwritten;
      this.#unwritten = [];
      if (lines.length > 0) await this.#writeAll(lines);
      const emptied = [...this.#emptied].filter(({ waiting }) => waiting === 0);
      this.#emptied.clear();
      for (const file of emptied)
        await this.#empty(file).catch((error: unknown) => this.#options.onTrouble(error));
    }
  }

  async #writeAll(lines: readonly Unwritten[]): Promise<void> {
    try {
      const file = await this.#append(lines.map(({ text }) => `${text}\n`).join(''));
      file.waiting += lines.length;
      for (const { resolve } of lines) resolve(file);
    } catch (error) {
      for (const { reject } of lines) reject(error);
    }
  }

  async #append(text: string): Promise<JournalFile> {
    const file = this.#current ?? (await this.#create());
    const { handle } = file;
    if (handle === null) throw new Error(`${file.name} is closed`);
    try {
      await handle.appendFile(text);
    } catch (error) {
      // What a full disk took of it would only keep it full, and the next line would go on where it stopped.
      await handle.truncate(file.bytes).catch(() => this.#end(file));
      throw error;
    }
    file.bytes += Buffer.byteLength(text);
    if (file.bytes >= spoolLimits.fileBytesMax) await this.#end(file);
    return file;
  }

  async #create(): Promise<JournalFile> {
    const { folder, nowWall } = this.#options;
    this.#files += 1;
    const name = `${nowWall()}-${process.pid}-${this.#files}.jsonl`;
    const handle = await open(join(folder, name), 'ax', 0o600);
    const file = { name, handle, bytes: 0, waiting: 0 };
    this.#current = file;
    return file;
  }

  async #empty(file: JournalFile): Promise<void> {
    if (file.handle === null) return unlink(join(this.#options.folder, file.name));
    await file.handle.truncate(0);
    file.bytes = 0;
  }

  /** Nothing is added to it from now on. */
  async #end(file: JournalFile): Promise<void> {
    const { handle } = file;
    file.handle = null;
    if (this.#current === file) this.#current = null;
    await handle?.close();
    if (file.waiting === 0 && file.bytes === 0) await this.#empty(file);
  }
}
