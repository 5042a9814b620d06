import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spoolLimits } from '@callgate/shared/limits.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RecordJournal } from './record-journal.ts';

let folder: string;
let troubles: unknown[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callgate-journal-'));
  troubles = [];
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  expect(troubles).toEqual([]);
});

async function opened(nowMs = 1_795_000_000_000) {
  const journal = new RecordJournal({
    folder,
    nowWall: () => nowMs,
    onTrouble: (why) => troubles.push(why),
  });
  return { journal, left: (await journal.open()).map(({ text }) => text) };
}

const contents = async () =>
  Promise.all((await readdir(folder)).sort().map((name) => readFile(join(folder, name), 'utf8')));

describe('a journal', () => {
  it('keeps each text as a line of one file', async () => {
    const { journal } = await opened();
    const files = await Promise.all(['a', 'b', 'c'].map((text) => journal.keep(text)));
    expect(new Set(files).size).toBe(1);
    expect(await contents()).toEqual(['a\nb\nc\n']);
    await journal.close();
  });

  it('is for the owner alone', async () => {
    const { journal } = await opened();
    const { handle } = await journal.keep('a');
    expect(((await handle?.stat())?.mode ?? 0) & 0o777).toBe(0o600);
    await journal.close();
  });

  it('gives what still waits to the next process, oldest file first', async () => {
    for (const [at, text] of [
      [2_000, 'second'],
      [1_000, 'first'],
    ] as const) {
      const { journal } = await opened(at);
      await journal.keep(text);
      await journal.close();
    }
    const { journal, left } = await opened(3_000);
    expect(left).toEqual(['first', 'second']);
    await journal.close();
  });

  it('empties a file of which nothing waits, and goes on with it', async () => {
    const { journal } = await opened();
    journal.forget(await journal.keep('a'));
    await vi.waitFor(async () => expect(await contents()).toEqual(['']));
    await journal.keep('b');
    expect(await contents()).toEqual(['b\n']);
    await journal.close();
  });

  it('leaves no file when nothing waits at the end', async () => {
    const { journal } = await opened();
    journal.forget(await journal.keep('a'));
    await journal.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it('begins another file when one is long, and removes each when nothing of it waits', async () => {
    const { journal } = await opened();
    const long = await journal.keep('x'.repeat(spoolLimits.fileBytesMax));
    const next = await journal.keep('b');
    expect(next).not.toBe(long);
    journal.forget(long);
    await vi.waitFor(async () => expect(await contents()).toEqual(['b\n']));
    await journal.close();
  });

  it('says when the disk does not take a text, and takes the next when it does', async () => {
    const { journal } = await opened();
    const { handle } = await journal.keep('a');
    const fails = vi.fn(() => Promise.reject(new Error('no space')));
    const appendFile = handle?.appendFile;
    Object.assign(handle ?? {}, { appendFile: fails });
    await expect(journal.keep('b')).rejects.toThrow('no space');
    Object.assign(handle ?? {}, { appendFile });
    await journal.keep('c');
    expect(await contents()).toEqual(['a\nc\n']);
    await journal.close();
  });
});
