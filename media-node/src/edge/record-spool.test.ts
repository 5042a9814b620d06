import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CallRecord, callRecordExample } from '@callgate/shared/contract/record.ts';
import { spoolLimits } from '@callgate/shared/limits.ts';
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

const sequencesOf = (texts: readonly string[]) =>
  texts.map((text) => (JSON.parse(text) as CallRecord).sequence);

/** @param send gets the sequences of the records of a message */
function spoolWith(send: (sequences: number[]) => Promise<void>, log: Log = silentLog) {
  const clock = new FakeClock();
  const spool = new RecordSpool({
    folder,
    clock,
    log,
    send: (texts) => send(sequencesOf(texts)),
  });
  return { clock, spool };
}

/** Lets time pass until nothing waits any more. */
function allSent(spool: RecordSpool, clock: FakeClock): Promise<void> {
  return vi.waitFor(() => {
    clock.advance(spoolLimits.gatherMs);
    expect(spool.pending).toBe(0);
  });
}

/** What waits on disk. */
async function onDisk(): Promise<number[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.flatMap((text) => sequencesOf(text.split('\n').filter(Boolean)));
}

describe('record spool', () => {
  it('delivers a record and then forgets it', async () => {
    const sent: number[][] = [];
    const { spool } = spoolWith(async (sequences) => void sent.push(sequences));
    await spool.open();
    spool.add(numbered(0));
    await vi.waitFor(() => expect(sent).toEqual([[0]]));
    await vi.waitFor(async () => expect(await onDisk()).toEqual([]));
    await spool.close(100);
    expect(await readdir(folder)).toEqual([]);
  });

  it('sends the record as it is', async () => {
    const sent: string[] = [];
    const send = async (texts: readonly string[]) => void sent.push(...texts);
    const spool = new RecordSpool({ folder, clock: new FakeClock(), log: silentLog, send });
    await spool.open();
    spool.add(numbered(0));
    await vi.waitFor(() => expect(sent).toEqual([JSON.stringify(numbered(0))]));
    await spool.close(100);
  });

  it('has a record on disk before it is sent', async () => {
    const seen: number[][] = [];
    const { spool } = spoolWith(async () => void seen.push(await onDisk()));
    await spool.open();
    spool.add(numbered(0));
    await vi.waitFor(() => expect(seen).toEqual([[0]]));
    await spool.close(100);
  });

  it('sends together what comes while it waits after a message', async () => {
    const sent: number[][] = [];
    const { spool, clock } = spoolWith(async (sequences) => void sent.push(sequences));
    await spool.open();
    for (const sequence of [0, 1, 2]) {
      spool.add(numbered(sequence));
      await vi.waitFor(() => expect(spool.pending).toBe(sequence === 0 ? 0 : sequence));
    }
    await vi.waitFor(async () => expect(await onDisk()).toEqual([1, 2]));
    await allSent(spool, clock);
    expect(sent).toEqual([[0], [1, 2]]);
    await spool.close(100);
  });

  it('lets no record wait that frees a place of its trunk', async () => {
    const sent: number[][] = [];
    const { spool } = spoolWith(async (sequences) => void sent.push(sequences));
    await spool.open();
    spool.add(numbered(0));
    await vi.waitFor(() => expect(sent).toEqual([[0]]));
    spool.add({ ...numbered(1), leased: true });
    await vi.waitFor(() => expect(sent).toEqual([[0], [1]]));
    await spool.close(100);
  });

  it('sends so many at a time, and goes on at once while there are as many', async () => {
    const { messageRecordsMax } = spoolLimits;
    const sent: number[][] = [];
    const { spool, clock } = spoolWith(async (sequences) => void sent.push(sequences));
    await spool.open();
    for (let sequence = 0; sequence < 2 * messageRecordsMax + 2; sequence += 1)
      spool.add(numbered(sequence));
    await allSent(spool, clock);
    expect(Math.max(...sent.map((sequences) => sequences.length))).toBe(messageRecordsMax);
    expect(sent.flat()).toEqual(Array.from({ length: 2 * messageRecordsMax + 2 }, (_, at) => at));
    await spool.close(100);
  });

  it('sends no more bytes at a time than a message may have', async () => {
    const sizes: number[] = [];
    const send = async (texts: readonly string[]) => void sizes.push(texts.join('').length);
    const spool = new RecordSpool({ folder, clock: new FakeClock(), log: silentLog, send });
    await spool.open();
    const explanation = 'x'.repeat(1_024);
    const sip_call_id = 'y'.repeat(1_024);
    for (let sequence = 0; sequence < 40; sequence += 1)
      spool.add({ ...numbered(sequence), explanation, sip_call_id });
    await spool.close(10_000);
    expect(sizes.length).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(spoolLimits.messageBytesMax);
  });

  it('keeps trying with back-off while the edge is away, in order', async () => {
    let isAway = true;
    const sent: number[] = [];
    let attempts = 0;
    const { spool, clock } = spoolWith(async (sequences) => {
      attempts += 1;
      if (isAway) throw away;
      sent.push(...sequences);
    });
    await spool.open();
    spool.add(numbered(0));
    await vi.waitFor(() => expect(attempts).toBe(1));
    spool.add(numbered(1));
    await vi.waitFor(async () => expect(await onDisk()).toEqual([0, 1]));
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
    await vi.waitFor(async () => expect(await onDisk()).toEqual([7]));
    await first.spool.close(0);

    const sent: number[] = [];
    const second = spoolWith(async (sequences) => void sent.push(...sequences));
    await second.spool.open();
    await vi.waitFor(() => expect(sent).toEqual([7]));
    await second.spool.close(100);
    expect(await readdir(folder)).toEqual([]);
  });

  it('delivers what a killed process left, but for a record half written', async () => {
    const lines = [0, 1].map((sequence) => JSON.stringify(numbered(sequence)));
    await writeFile(join(folder, '1-1-1.jsonl'), `${lines.join('\n')}\n{"contract":`);
    await writeFile(join(folder, '2-1-1.jsonl'), '');
    const sent: number[] = [];
    const { spool } = spoolWith(async (sequences) => void sent.push(...sequences));
    await spool.open();
    await vi.waitFor(() => expect(sent).toEqual([0, 1]));
    await spool.close(100);
    expect(await readdir(folder)).toEqual(['1-1-1.jsonl.bad']);
  });

  it('delivers what an older version left: a file a record', async () => {
    await writeFile(join(folder, '1-SCL_1-0.json'), JSON.stringify(numbered(5)));
    const sent: number[] = [];
    const { spool } = spoolWith(async (sequences) => void sent.push(...sequences));
    await spool.open();
    await vi.waitFor(() => expect(sent).toEqual([5]));
    await spool.close(100);
    expect(await readdir(folder)).toEqual([]);
  });

  it('sends alone what was refused together, puts aside what the edge refuses and goes on', async () => {
    const sent: number[] = [];
    const { spool, clock } = spoolWith(async (sequences) => {
      if (sequences.includes(1)) throw new EdgeRefusal('bad-field');
      sent.push(...sequences);
    });
    await spool.open();
    for (const sequence of [0, 1, 2, 3]) spool.add(numbered(sequence));
    await allSent(spool, clock);
    expect(sent).toEqual([0, 2, 3]);
    const refused = (await readdir(folder)).filter((name) => name.endsWith('.refused'));
    expect(sequencesOf([await readFile(join(folder, refused.join()), 'utf8')])).toEqual([1]);
    await spool.close(100);
  });

  it('delivers what a later version left, before the node was put back: what a record may hold is for the edge to say', async () => {
    const later = [7, 8].map((sequence) =>
      JSON.stringify({ ...numbered(sequence), colour: 'red' }),
    );
    await writeFile(join(folder, '1-1-1.jsonl'), `${later.join('\n')}\n`);
    const sent: number[] = [];
    const { spool, clock } = spoolWith(async (sequences) => void sent.push(...sequences));
    await spool.open();
    await allSent(spool, clock);
    expect(sent).toEqual([7, 8]);
    await spool.close(100);
    expect(await readdir(folder)).toEqual([]);
  });

  it('puts all lines of a file aside that are no records', async () => {
    await writeFile(
      join(folder, '1-1-1.jsonl'),
      `{"call_id":1}\n${JSON.stringify(numbered(2))}\n{"con`,
    );
    const sent: number[] = [];
    const { spool, clock } = spoolWith(async (sequences) => void sent.push(...sequences));
    await spool.open();
    await allSent(spool, clock);
    await spool.close(100);
    expect(sent).toEqual([2]);
    expect(await readFile(join(folder, '1-1-1.jsonl.bad'), 'utf8')).toBe('{"call_id":1}\n{"con');
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
      async (sequences) => void sent.push(...sequences),
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
    const { spool, clock } = spoolWith(async (sequences) => {
      attempts += 1;
      if (isAway) throw away;
      sent.push(...sequences);
    });
    await spool.open();
    await rm(folder, { recursive: true });
    spool.add(numbered(0));
    spool.add(numbered(1));
    await vi.waitFor(() => expect(attempts).toBe(1));
    await vi.waitFor(() => expect(spool.pending).toBe(2));
    isAway = false;
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    clock.advance(1_000);
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
    expect(await onDisk()).toEqual([0]);
  });

  it('tries once more when it stops, and not over and over', async () => {
    let attempts = 0;
    const { spool, clock } = spoolWith(async () => {
      attempts += 1;
      throw away;
    });
    await spool.open();
    spool.add(numbered(0));
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    await spool.close(1_000);
    expect(attempts).toBe(2);
    expect(clock.pending).toBe(0);
    expect(await onDisk()).toEqual([0]);
  });

  it('tries what the edge refused again when it is started again: a newer edge may take it', async () => {
    const log = vi.fn<Log>();
    const refusing = spoolWith(async () => Promise.reject(new EdgeRefusal('bad-field')), log);
    await refusing.spool.open();
    refusing.spool.add(numbered(3));
    await allSent(refusing.spool, refusing.clock);
    await refusing.spool.close(100);
    const again = spoolWith(async () => Promise.reject(new EdgeRefusal('bad-field')), log);
    await again.spool.open();
    await allSent(again.spool, again.clock);
    await again.spool.close(100);
    expect(log.mock.calls.map(([, event]) => event)).toEqual(['record-refused', 'record-refused']);
    expect((await readdir(folder)).length).toBe(1);

    const sent: number[] = [];
    const newer = spoolWith(async (sequences) => void sent.push(...sequences));
    await newer.spool.open();
    await allSent(newer.spool, newer.clock);
    await newer.spool.close(100);
    expect(sent).toEqual([3]);
    expect(await readdir(folder)).toEqual([]);
  });

  it('keeps so many of those that the edge refuses, and says which are lost beyond', async () => {
    const log = vi.fn<Log>();
    const { spool, clock } = spoolWith(
      async () => Promise.reject(new EdgeRefusal('bad-field')),
      log,
    );
    await spool.open();
    for (let sequence = 0; sequence <= spoolLimits.refusedMax; sequence += 1)
      spool.add(numbered(sequence));
    await vi.waitFor(() => {
      clock.advance(spoolLimits.gatherMs);
      expect(spool.pending).toBe(0);
    }, 60_000);
    await spool.close(100);
    expect(await readdir(folder)).toHaveLength(spoolLimits.refusedMax);
    expect(log.mock.calls.filter(([, event]) => event === 'record-lost')).toEqual([
      ['error', 'record-lost', expect.objectContaining({ sequence: spoolLimits.refusedMax })],
    ]);
  });

  it('holds so many and no more, and says which is lost', async () => {
    const log = vi.fn<Log>();
    const { spool } = spoolWith(async () => Promise.reject(away), log);
    await spool.open();
    for (let sequence = 0; sequence <= spoolLimits.recordsMax; sequence += 1)
      spool.add(numbered(sequence));
    expect(spool.pending).toBe(spoolLimits.recordsMax);
    expect(log.mock.calls).toEqual([
      ['error', 'record-lost', expect.objectContaining({ sequence: spoolLimits.recordsMax })],
    ]);
    await spool.close(0);
  });

  it('says how many it leaves on the disk when the edge does not take them in time', async () => {
    const log = vi.fn<Log>();
    const { spool, clock } = spoolWith(() => new Promise(() => {}), log);
    await spool.open();
    for (const sequence of [0, 1]) spool.add(numbered(sequence));
    await vi.waitFor(() => expect(spool.pending).toBe(2));
    const closed = spool.close(spoolLimits.flushMs);
    await vi.waitFor(() => {
      clock.advance(spoolLimits.flushMs);
      expect(log).toHaveBeenCalledWith(
        ...['warn', 'records-left', expect.objectContaining({ pending: 2 })],
      );
    });
    await closed;
    expect(await onDisk()).toEqual([0, 1]);
  });
});
