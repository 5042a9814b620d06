import { outcomeReasons } from '@callgate/shared/call/outcome.ts';
import { type CallRecord, callRecordExample } from '@callgate/shared/contract/record.ts';
import { Registry } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import { type CallWatch, unwatched, waitFor } from '../call-watch.ts';
import { meteredCalls } from './call-metrics.ts';

let registry: Registry;
let calls: CallWatch;
beforeEach(() => {
  registry = new Registry();
  calls = meteredCalls(registry, unwatched);
});

const attempt = {
  callId: 'SCL_a',
  sequence: 0,
  traceId: 'a'.repeat(32),
  sipCallId: 'a@b',
  invitedAtMono: 0,
};
const end = (changes: Partial<CallRecord> = {}) =>
  calls.begin(attempt).ended({ ...callRecordExample, ...changes });

/** Lines of /metrics that are samples. */
async function samples(): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter((line) => /^callgate/.test(line));
}

describe('metrics of calls', () => {
  it('count how attempts ended, by reason and whose fault it is', async () => {
    end();
    end({ reason: 'no-trunk', media: null });
    expect(await samples()).toEqual(
      expect.arrayContaining([
        'callgate_invites_total 2',
        'callgate_calls_total{reason="caller-hung-up",result="success"} 1',
        'callgate_calls_total{reason="no-trunk",result="caller"} 1',
      ]),
    );
  });

  it('see 5 ms in the time to a stage', async () => {
    calls.begin(attempt).stage('ringing_ms', 4);
    calls.begin(attempt).stage('ringing_ms', 60);
    expect(await samples()).toEqual(
      expect.arrayContaining([
        'callgate_stage_seconds_bucket{le="0.005",stage="ringing"} 1',
        'callgate_stage_seconds_bucket{le="0.05",stage="ringing"} 1',
        'callgate_stage_seconds_bucket{le="0.075",stage="ringing"} 2',
        'callgate_stage_seconds_count{stage="ringing"} 2',
      ]),
    );
  });

  it('tell loss, jitter, MOS and duration of a call', async () => {
    const media = { ...callRecordExample.media, packets_received: 99, packets_lost: 1 };
    end({ media: { ...callRecordExample.media, ...media } as CallRecord['media'] });
    expect(await samples()).toEqual(
      expect.arrayContaining([
        'callgate_call_rtp_loss_ratio_bucket{le="0.005",codec="PCMU"} 0',
        'callgate_call_rtp_loss_ratio_bucket{le="0.01",codec="PCMU"} 1',
        'callgate_call_rtp_jitter_seconds_bucket{le="0.0025",codec="PCMU"} 1',
        'callgate_call_mos_bucket{le="4.3",codec="PCMU"} 1',
        'callgate_call_duration_seconds_bucket{le="60"} 1',
      ]),
    );
  });

  it('time the questions to the edge, with the reason when no answer came', async () => {
    const watch = calls.begin(attempt);
    await waitFor(watch, 'edge.decide', async () => 'join');
    const failing = waitFor(watch, 'edge.decide', () => Promise.reject(new Error('x')));
    await expect(failing).rejects.toThrow('x');
    const counts = (await samples()).filter((line) =>
      line.startsWith('callgate_wait_seconds_count'),
    );
    expect(counts).toEqual([
      'callgate_wait_seconds_count{wait="edge.decide",result="ok"} 1',
      'callgate_wait_seconds_count{wait="edge.decide",result="internal"} 1',
    ]);
  });

  it('have a bounded number of series, whatever callers send', async () => {
    for (const reason of outcomeReasons) end({ reason });
    const before = (await samples()).length;
    for (let n = 0; n < 500; n++) {
      for (const text of [`+1555${n}`, `"} 1\nevil{x="${n}`]) {
        end({ from_user: text, to_user: text, sip_call_id: text, room_name: text, trunk_id: text });
      }
    }
    expect((await samples()).length).toBe(before);
  });
});
