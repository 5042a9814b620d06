import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CallRecord, callRecordExample } from '@callgate/shared/contract/record.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import { type Log, silentLog } from '../ops/log.ts';
import { PartError } from '../part-error.ts';
import { EdgeRefusal } from './edge-refusal.ts';
import { RecordSpool } from './record-spool.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callgate-spool-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const away = new PartError('edge-unreachable', 'away');
const numbered = (sequence: number): CallRecord => ({ ...callRecordExample, sequence });

function spoolWith(send: (record: CallRecord) => Promise<void>, log: Log = silentLog) {
  const clock = new FakeClock();
  return { clock, spool: new RecordSpool({ folder, clock, log, send }) };
}

describe('record spool', () => {
  it('delivers a record and then forgets it', async () => {
    const sent: CallRecord[] = [];
    const { spool } = spoolWith(async (record) => void sent.push(record));
    await spool.open();
    spool.add(numbered(0));
    await vi.waitFor(() => expect(sent).toEqual([numbered(0)]));
    await vi.waitFor(async () => expect(await readdir(folder)).toEqual([]));
    await spool.close(100);
  });

  it('has a record on disk before it is sent', async () => {
    const onDisk: string[][] = [];
    const { spool } = spoolWith(async () => void onDisk.push(await readdir(folder)));
    await spool.open();
    spool.add(numbered(0));
    await vi.waitFor(() => expect(onDisk.length).toBe(1));
    expect(onDisk[0]?.length).toBe(1);
    await spool.close(100);
  });

  it('keeps trying with back-off while the edge is away, in order', async () => {
    let isAway = true;
    const sent: number[] = [];
    let attempts = 0;
    const { spool, clock } = spoolWith(async (record) => {
      attempts += 1;
      if (isAway) throw away;
      sent.push(record.sequence);
    });
    await spool.open();
    spool.add(numbered(0));
    await vi.waitFor(() => expect(attempts).toBe(1));
    spool.add(numbered(1));
    await vi.waitFor(async () => expect((await readdir(folder)).length).toBe(2));
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    clock.advance(1_000);
    await vi.waitFor(() => expect(attempts).toBe(2));
    isAway = false;
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    clock.advance(2_000);
    await vi.waitFor(() => expect(sent).toEqual([0, 1]));
    await spool.close(100);
    expect(clock.pending).toBe(0);
  });

  it('delivers after a restart what an earlier run left', async () => {
    const first = spoolWith(() => Promise.reject(away));
    await first.spool.open();
    first.spool.add(numbered(7));
    await vi.waitFor(async () => expect((await readdir(folder)).length).toBe(1));
    await first.spool.close(0);

    const sent: number[] = [];
    const second = spoolWith(async (record) => void sent.push(record.sequence));
    await second.spool.open();
    await vi.waitFor(() => expect(sent).toEqual([7]));
    await second.spool.close(100);
  });

  it('puts aside what the edge refuses and goes on', async () => {
    const sent: number[] = [];
    const { spool } = spoolWith(async (record) => {
      if (record.sequence === 0) throw new EdgeRefusal('bad-field');
      sent.push(record.sequence);
    });
    await spool.open();
    spool.add(numbered(0));
    spool.add(numbered(1));
    await vi.waitFor(() => expect(sent).toEqual([1]));
    expect((await readdir(folder)).filter((name) => name.endsWith('.refused')).length).toBe(1);
    await spool.close(100);
  });

  it('puts aside a file that is no record', async () => {
    await writeFile(join(folder, '0-broken.json'), '{"contract":');
    const { spool } = spoolWith(async () => {});
    await spool.open();
    await vi.waitFor(async () => expect(await readdir(folder)).toEqual(['0-broken.json.bad']));
    await spool.close(100);
  });

  it('sends directly and says so when the disk fails', async () => {
    const events: string[] = [];
    const sent: number[] = [];
    const { spool } = spoolWith(
      async (record) => void sent.push(record.sequence),
      (_level, event) => void events.push(event),
    );
    await spool.open();
    await rm(folder, { recursive: true });
    spool.add(numbered(3));
    await vi.waitFor(() => expect(sent).toEqual([3]));
    expect(events).toEqual(['record-not-spooled']);
    await spool.close(100);
    folder = await mkdtemp(join(tmpdir(), 'callgate-spool-'));
  });
  it('keeps in memory what neither disk nor edge takes, and delivers it when the edge is back', async () => {
    let isAway = true;
    const sent: number[] = [];
    let attempts = 0;
    const { spool, clock } = spoolWith(async (record) => {
      attempts += 1;
      if (isAway) throw away;
      sent.push(record.sequence);
    });
    await spool.open();
    await rm(folder, { recursive: true });
    spool.add(numbered(0));
    spool.add(numbered(1));
    await vi.waitFor(() => expect(attempts).toBe(1));
    await vi.waitFor(() => expect(spool.pending).toBe(2));
    isAway = false;
    await clock.advance(1_000);
    await vi.waitFor(() => expect(sent.toSorted()).toEqual([0, 1]));
    await mkdir(folder);
    await spool.close(100);
  });

  it('writes what is in memory only when it stops and the disk is well again', async () => {
    const { spool } = spoolWith(async () => Promise.reject(away));
    await spool.open();
    await rm(folder, { recursive: true });
    spool.add(numbered(0));
    await vi.waitFor(() => expect(spool.pending).toBe(1));
    await mkdir(folder);
    await spool.close(0);
    expect((await readdir(folder)).length).toBe(1);
  });
});
