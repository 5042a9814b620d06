import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decisionExamples } from '@callgate/shared/contract/decision.ts';
import { leftDialogLimits } from '@callgate/shared/limits.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import { FakeEdge } from '../edge/edge-client.fake.ts';
import { FakeMediaPool } from '../media/media-pool.fake.ts';
import { type Log, silentLog } from '../ops/log.ts';
import { FakeSipCall } from '../sip/sip-call.fake.ts';
import type { ByeResult, DialogState, SipHeader } from '../sip/sip-endpoint.ts';
import { CallRegistry } from './call-registry.ts';
import { LeftDialogs } from './left-dialogs.ts';

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'callgate-dialogs-')), 'dialogs');
});
afterEach(async () => {
  await rm(join(folder, '..'), { recursive: true });
});

const state: DialogState = {
  callId: 'call-1@192.0.2.7',
  from: '<sip:+15550100@192.0.2.1>;tag=ours',
  to: '"Ann" <sip:+15550199@192.0.2.7>;tag=a1',
  target: 'sip:ann@192.0.2.7:5070',
  routes: ['sip:192.0.2.20;lr'],
  localNumber: 4711,
  source: { address: '192.0.2.7', port: 5070, transport: 'udp' },
  local: { address: '192.0.2.1', port: 5060 },
  isToSource: false,
};
const hour = { max_call_duration_ms: 3_600_000 };

/** A process with the folder. */
class Run {
  readonly clock: FakeClock;
  readonly byes: { readonly state: DialogState; readonly headers: readonly SipHeader[] }[] = [];
  readonly lines: string[] = [];
  readonly dialogs: LeftDialogs;
  result: Promise<ByeResult> = Promise.resolve('answered');

  constructor(epochMs?: number) {
    this.clock = new FakeClock(epochMs);
    const log: Log = (_level, event, fields = {}) =>
      void this.lines.push(`${event} ${JSON.stringify(fields)}`);
    this.dialogs = new LeftDialogs({
      folder,
      clock: this.clock,
      log,
      end: (of, headers) => {
        this.byes.push({ state: of, headers });
        return this.result;
      },
    });
  }
}

/** A process that dies with these calls up. */
async function killedWith(ids: readonly string[]): Promise<void> {
  const run = new Run();
  await run.dialogs.open();
  for (const id of ids) run.dialogs.keep(id, state, hour);
  await vi.waitFor(async () =>
    expect(await readdir(folder)).toEqual(ids.map((id) => `${id}.json`)),
  );
}

const isEmpty = () => vi.waitFor(async () => expect(await readdir(folder)).toEqual([]));

describe('dialogs of a process that was killed', () => {
  it('get one BYE each, with a Reason, by the next process, and are forgotten', async () => {
    await killedWith(['SCL_a']);
    const run = new Run();
    await run.dialogs.open();
    run.dialogs.endLeft();
    await isEmpty();
    expect(run.byes).toEqual([
      {
        state,
        headers: [{ name: 'Reason', value: expect.stringContaining('text="node-lost"') }],
      },
    ]);
    const third = new Run();
    await third.dialogs.open();
    third.dialogs.endLeft();
    expect(third.byes).toEqual([]);
  });

  it.each(['timeout', 'unsent'] as const)('are not tried again after %s', async (result) => {
    await killedWith(['SCL_a']);
    const run = new Run();
    run.result = Promise.resolve(result);
    await run.dialogs.open();
    run.dialogs.endLeft();
    await isEmpty();
    expect(run.byes.length).toBe(1);
  });

  it('get their BYEs one after the other, so many a second at most', async () => {
    await killedWith(['SCL_a', 'SCL_b', 'SCL_c']);
    const run = new Run();
    await run.dialogs.open();
    run.dialogs.endLeft();
    await vi.waitFor(() => expect(run.byes.length).toBe(1));
    run.clock.advance(leftDialogLimits.byeEveryMs - 1);
    expect(run.byes.length).toBe(1);
    run.clock.advance(1);
    await vi.waitFor(() => expect(run.byes.length).toBe(2));
    run.clock.advance(leftDialogLimits.byeEveryMs);
    await isEmpty();
    expect(run.byes.length).toBe(3);
  });

  it('get none when their call would be over by its longest duration', async () => {
    await killedWith(['SCL_a']);
    const run = new Run(new FakeClock().nowWall() + hour.max_call_duration_ms);
    await run.dialogs.open();
    run.dialogs.endLeft();
    await isEmpty();
    expect(run.byes).toEqual([]);
    expect(run.lines.at(-1)).toContain('too old');
  });

  it('wait for the next process when this one stops first', async () => {
    await killedWith(['SCL_a', 'SCL_b']);
    const run = new Run();
    await run.dialogs.open();
    run.dialogs.endLeft();
    await vi.waitFor(() => expect(run.byes.length).toBe(1));
    await run.dialogs.close();
    run.clock.advance(1_000);
    expect(run.clock.pending).toBe(0);
    expect(await readdir(folder)).toContain('SCL_b.json');
  });

  it('whose file is damaged are dropped with a line that names them, and the others are served', async () => {
    await killedWith(['SCL_b']);
    const good = await readFile(join(folder, 'SCL_b.json'), 'utf8');
    await writeFile(join(folder, 'SCL_a.json'), good.slice(0, 50));
    await writeFile(join(folder, 'SCL_c.json'), good.replace('"port":5070', '"port":0'));
    await writeFile(join(folder, 'SCL_d.json.part'), good);
    const run = new Run();
    await run.dialogs.open();
    run.dialogs.endLeft();
    run.clock.advance(2 * leftDialogLimits.byeEveryMs);
    await isEmpty();
    expect(run.byes.length).toBe(1);
    expect(run.lines.filter((line) => line.startsWith('left-dialog-unusable')).length).toBe(2);
  });
});

describe('the file of a call', () => {
  it('is there from the answer until the call has ended', async () => {
    const { clock, dialogs } = new Run();
    await dialogs.open();
    const [edge, media] = [new FakeEdge(), new FakeMediaPool()];
    const nodeMedia = { codecs: ['PCMU'], srtpSuites: [], newKey: () => Buffer.alloc(0) } as const;
    const calls = new CallRegistry({ edge, media, nodeMedia, clock, dialogs, log: silentLog });
    const sip = new FakeSipCall();
    calls.onInvite(sip);
    await edge.answer(decisionExamples.join);
    expect(await readdir(folder)).toEqual([]);
    media.sessions[0]?.raise({ kind: 'audible' });
    const file = join(folder, `${edge.offers[0]?.call_id}.json`);
    const { max_call_duration_ms } = decisionExamples.join.limits;
    await vi.waitFor(async () =>
      expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
        ends_before_ms: clock.nowWall() + max_call_duration_ms,
        dialog: { callId: sip.invite.callId },
      }),
    );
    sip.events?.onBye('');
    await isEmpty();
  });

  it('is gone when the call has ended, also when it ends while the file is written', async () => {
    const { dialogs } = new Run();
    await dialogs.open();
    dialogs.keep('SCL_a', state, hour);
    dialogs.forget('SCL_a');
    await dialogs.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it('follows the remote target, and lasts no longer for it', async () => {
    const { dialogs, clock } = new Run();
    await dialogs.open();
    dialogs.keep('SCL_a', state, hour);
    clock.advance(1_000);
    dialogs.keep('SCL_a', { ...state, target: 'sip:ann@192.0.2.50' }, hour);
    await dialogs.close();
    expect(JSON.parse(await readFile(join(folder, 'SCL_a.json'), 'utf8'))).toEqual({
      ends_before_ms: new FakeClock().nowWall() + hour.max_call_duration_ms,
      dialog: { ...state, target: 'sip:ann@192.0.2.50' },
    });
  });

  it('is for the service user alone', async () => {
    await killedWith(['SCL_a']);
    expect((await stat(join(folder, 'SCL_a.json'))).mode & 0o777).toBe(0o600);
  });

  it('that the disk does not take is a line in the log, and nothing else', async () => {
    const { dialogs, lines } = new Run();
    await dialogs.open();
    await mkdir(join(folder, 'SCL_a.json'));
    dialogs.keep('SCL_a', state, hour);
    await dialogs.close();
    expect(lines.join()).toContain('dialog-not-kept {"call_id":"SCL_a"');
    expect(await readdir(folder)).toEqual(['SCL_a.json']);
  });

  it('is not written beyond the bound', async () => {
    const { dialogs, lines } = new Run();
    // The folder is not there: no file is made, and only the count matters.
    for (let index = 0; index <= leftDialogLimits.dialogsMax; index += 1)
      dialogs.keep(`SCL_${index}`, state, hour);
    expect(lines).toEqual([
      `dialog-not-kept {"call_id":"SCL_${leftDialogLimits.dialogsMax}","why":"too many calls"}`,
    ]);
    await dialogs.close();
  });
});
