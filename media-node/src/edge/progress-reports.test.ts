import { callProgressExample } from '@callgate/shared/contract/progress.ts';
import { spoolLimits } from '@callgate/shared/limits.ts';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../ops/log.ts';
import { settled } from './edge-client.fake.ts';
import { ProgressReports } from './progress-reports.ts';

describe('progress reports', () => {
  it('are sent as they come', () => {
    const sent: unknown[] = [];
    const reports = new ProgressReports(async (progress) => void sent.push(progress), silentLog);
    reports.report(callProgressExample);
    expect(sent).toEqual([callProgressExample]);
  });

  it('are dropped, not piled up, while the edge does not answer, and sent again when it does', async () => {
    const waiting: (() => void)[] = [];
    const reports = new ProgressReports(
      () => new Promise((_, reject) => waiting.push(() => reject(new Error('away')))),
      silentLog,
    );
    for (let n = 0; n < spoolLimits.progressUnderWayMax + 10; n += 1)
      reports.report(callProgressExample);
    expect(waiting.length).toBe(spoolLimits.progressUnderWayMax);
    for (const fail of waiting.splice(0)) fail();
    await settled();
    reports.report(callProgressExample);
    expect(waiting.length).toBe(1);
  });
});
