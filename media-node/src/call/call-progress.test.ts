import { decisionExamples } from '@callgate/shared/contract/decision.ts';
import { callProgress } from '@callgate/shared/contract/progress.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FakeEdge } from '../edge/edge-client.fake.ts';
import type { FakeMediaPool } from '../media/media-pool.fake.ts';
import { FakeSipCall } from '../sip/sip-call.fake.ts';
import { registryBench } from './registry-bench.fake.ts';

let edge: FakeEdge;
let media: FakeMediaPool;
beforeEach(() => {
  const bench = registryBench();
  ({ edge, media } = bench);
  bench.calls.onInvite(new FakeSipCall({}));
});

describe('a call that lives', () => {
  it('is reported when the phone rings and when it is answered, with what is known then', async () => {
    await edge.answer(decisionExamples.join);
    media.sessions[0]?.raise({ kind: 'joined' });
    media.sessions[0]?.raise({ kind: 'audible' });
    expect(edge.reports.map((report) => callProgress.parse(report))).toMatchObject([
      {
        room_name: decisionExamples.join.room.name,
        rule_id: decisionExamples.join.rule_id,
        stages: { ringing_ms: expect.any(Number), joined_ms: null, answered_ms: null },
      },
      { stages: { joined_ms: expect.any(Number), answered_ms: expect.any(Number) } },
    ]);
  });

  it('is not reported when it is refused; its record says why', async () => {
    await edge.answer(decisionExamples.refuse);
    expect(edge.reports).toEqual([]);
    const { explanation } = decisionExamples.refuse;
    expect(edge.records).toMatchObject([{ explanation }]);
  });
});
