import { type CallProgress, callProgressExample } from '@callgate/shared/contract/progress.ts';
import { spoolLimits } from '@callgate/shared/limits.ts';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import { silentLog } from '../ops/log.ts';
import { settled } from './edge-client.fake.ts';
import { ProgressReports } from './progress-reports.ts';

const progressOf = (call_id: string): CallProgress => ({ ...callProgressExample, call_id });

/** Reports to an edge that takes each at once. */
function toEdge() {
  const clock = new FakeClock();
  const sent: CallProgress[] = [];
  const reports = new ProgressReports(
    async (progress) => void sent.push(progress),
    clock,
    silentLog,
  );
  return { clock, sent, reports };
}

describe('progress reports', () => {
  it('are sent a moment after they come', () => {
    const { clock, sent, reports } = toEdge();
    reports.report(callProgressExample);
    clock.advance(49);
    expect(sent).toEqual([]);
    clock.advance(1);
    expect(sent).toEqual([callProgressExample]);
  });

  it('of one call that follow each other at once are one report, the newest', () => {
    const { clock, sent, reports } = toEdge();
    const ringing = progressOf('SCL_1');
    const answered = { ...ringing, stages: { ...ringing.stages, answered_ms: 40 } };
    reports.report(ringing);
    reports.report(progressOf('SCL_2'));
    clock.advance(30);
    reports.report(answered);
    clock.advance(20);
    expect(sent).toEqual([answered, progressOf('SCL_2')]);
    clock.advance(1_000);
    expect(sent).toHaveLength(2);
  });

  it('of one call that come later are reports of their own', () => {
    const { clock, sent, reports } = toEdge();
    reports.report(callProgressExample);
    clock.advance(50);
    reports.report(callProgressExample);
    clock.advance(50);
    expect(sent).toHaveLength(2);
  });

  it('are dropped, not piled up, while the edge does not answer, and sent again when it does', async () => {
    const clock = new FakeClock();
    const waiting: (() => void)[] = [];
    const reports = new ProgressReports(
      () => new Promise((_, reject) => waiting.push(() => reject(new Error('away')))),
      clock,
      silentLog,
    );
    for (let n = 0; n < spoolLimits.progressUnderWayMax + 10; n += 1)
      reports.report(progressOf(`SCL_${n}`));
    clock.advance(50);
    for (let n = 0; n < 10; n += 1) reports.report(progressOf(`SCL_late_${n}`));
    clock.advance(50);
    expect(waiting.length).toBe(spoolLimits.progressUnderWayMax);
    for (const fail of waiting.splice(0)) fail();
    await settled();
    reports.report(callProgressExample);
    clock.advance(50);
    expect(waiting.length).toBe(1);
  });
});
