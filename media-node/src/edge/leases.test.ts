import { decisionExamples } from '@callgate/shared/contract/decision.ts';
import type { LeaseReport } from '@callgate/shared/contract/lease.ts';
import { offerExample } from '@callgate/shared/contract/offer.ts';
import { callRecordExample } from '@callgate/shared/contract/record.ts';
import { capLimits } from '@callgate/shared/limits.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import { silentLog } from '../ops/log.ts';
import { FakeEdge, settled } from './edge-client.fake.ts';
import { Leases } from './leases.ts';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';
const { call_id } = offerExample;
const leased = { ...decisionExamples.join, lease_ms: capLimits.leaseMs };
const lease = { call_id, trunk_id: leased.trunk_id };

let clock: FakeClock;
let edge: FakeEdge;
let reports: LeaseReport[];
let leases: Leases;
beforeEach(() => {
  clock = new FakeClock();
  edge = new FakeEdge();
  reports = [];
  leases = new Leases({
    edge,
    clock,
    log: silentLog,
    report: async (report) => void reports.push(report),
  });
});

describe('leases of counted calls', () => {
  it('are renewed while the call lives, and not after its record', async () => {
    const deciding = leases.decide(offerExample, traceparent);
    await edge.answer(leased);
    expect(await deciding).toEqual(leased);
    clock.advance(capLimits.renewMs * 2);
    expect(reports.map(({ held }) => held)).toEqual([[lease], [lease]]);
    leases.deliver({ ...callRecordExample, leased: true });
    clock.advance(capLimits.renewMs * 4);
    expect(reports.length).toBe(2);
    expect(edge.records.length).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it('cost nothing for calls that are not counted', async () => {
    const deciding = leases.decide(offerExample, traceparent);
    await edge.answer(decisionExamples.join);
    await deciding;
    expect(clock.pending).toBe(0);
  });

  it('of a caller who gave up before the decision came end at once', async () => {
    const deciding = leases.decide(offerExample, traceparent);
    leases.deliver(callRecordExample);
    await edge.answer(leased);
    await deciding;
    expect(reports.map(({ ended }) => ended)).toEqual([[lease]]);
    expect(clock.pending).toBe(0);
  });

  it('are reported again when a report was lost', async () => {
    let isAway = true;
    const heard: LeaseReport[] = [];
    const away = new Leases({
      edge,
      clock,
      log: silentLog,
      report: async (report) => {
        if (isAway) throw new Error('away');
        heard.push(report);
      },
    });
    const deciding = away.decide(offerExample, traceparent);
    await edge.answer(leased);
    await deciding;
    clock.advance(capLimits.renewMs);
    await settled();
    isAway = false;
    clock.advance(capLimits.renewMs);
    expect(heard.map(({ held }) => held)).toEqual([[lease]]);
    away.close();
    expect(clock.pending).toBe(0);
  });

  it('of many calls go in several reports', async () => {
    for (let n = 0; n <= capLimits.reportedMax; n += 1) {
      const deciding = leases.decide({ ...offerExample, call_id: `SCL_${n}` }, traceparent);
      await edge.answer(leased);
      await deciding;
    }
    clock.advance(capLimits.renewMs);
    expect(reports.map(({ held }) => held.length)).toEqual([capLimits.reportedMax, 1]);
    leases.close();
  });
});
