import { type CallRecord, callRecord } from '@callgate/shared/contract/record.ts';
import { admissionLimits } from '@callgate/shared/limits.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import type { TurnedAwayInvite } from '../sip/sip-endpoint.ts';
import { TurnedAway } from './turned-away.ts';

const { recordsBurst, recordsPerSecond, recordsStrangersShare } = admissionLimits;

let clock: FakeClock;
let records: CallRecord[];
let hasSpace: boolean;
let challenged: Map<string, { id: string; sequence: number }>;
let turnedAway: TurnedAway;
beforeEach(() => {
  clock = new FakeClock();
  records = [];
  hasSpace = true;
  challenged = new Map();
  turnedAway = new TurnedAway({
    clock,
    deliver: (record) => records.push(record),
    hasSpace: () => hasSpace,
    takeBack: (callId) => challenged.get(callId) ?? null,
  });
});

function invite(changes: Partial<TurnedAwayInvite> = {}): TurnedAwayInvite {
  return {
    callId: 'a@carrier',
    fromTag: 't',
    fromUser: '+15550199',
    toUser: '+15550100',
    source: { address: '203.0.113.7', port: 5060, transport: 'udp' },
    arrivedAtMono: clock.nowMono(),
    isKnown: true,
    bound: 'calls',
    sipStatus: 503,
    ...changes,
  };
}

function flood(count: number, changes: Partial<TurnedAwayInvite> = {}): void {
  for (let n = 0; n < count; n += 1) turnedAway.note(invite({ callId: `${n}@flood`, ...changes }));
}

describe('a call that is turned away', () => {
  it('has a record that says which bound was reached, and is one that the edge takes', () => {
    turnedAway.note(invite());
    expect(callRecord.parse(records[0])).toMatchObject({
      sip_call_id: 'a@carrier',
      from_user: '+15550199',
      to_user: '+15550100',
      source: '203.0.113.7:5060/udp',
      reason: 'over-capacity',
      explanation: 'The node had no room for a new call: its bound on calls was reached.',
      sip_status: 503,
    });
  });

  it('by a node that drains has a record of that', () => {
    turnedAway.note(invite({ bound: 'draining' }));
    expect(records).toMatchObject([{ reason: 'draining' }]);
  });

  it('has one record, however often its INVITE comes', () => {
    for (let copy = 0; copy < 5; copy += 1) turnedAway.note(invite());
    expect(records).toHaveLength(1);
    expect(turnedAway.unrecorded).toBe(0);
  });

  it('keeps the call id of its challenge and has the record that the challenge would have had', () => {
    flood(recordsBurst);
    challenged.set('a@carrier', { id: 'SCL_4xYpQ2mNkT7w', sequence: 1 });
    turnedAway.note(invite());
    expect(records.at(-1)).toMatchObject({ call_id: 'SCL_4xYpQ2mNkT7w', sequence: 1 });
  });

  it('has a record that can be read, whatever a stranger wrote', () => {
    turnedAway.note(invite({ callId: 'x'.repeat(4_000), fromUser: 'y'.repeat(4_000) }));
    expect(callRecord.safeParse(records[0]).error).toBeUndefined();
  });
});

describe('calls that are turned away in a flood', () => {
  it('are recorded up to a bound, and beyond it counted', () => {
    flood(1_000);
    expect(records).toHaveLength(recordsBurst);
    expect(turnedAway.unrecorded).toBe(1_000 - recordsBurst);
    clock.advance(1_000);
    flood(1_000, { fromTag: 'later' });
    expect(records).toHaveLength(recordsBurst + recordsPerSecond);
  });

  it('leave records to those that the node knows', () => {
    flood(1_000, { isKnown: false });
    expect(records).toHaveLength(recordsBurst * recordsStrangersShare);
    turnedAway.note(invite());
    expect(records.at(-1)?.sip_call_id).toBe('a@carrier');
  });

  it('leave the spool to calls that were taken', () => {
    hasSpace = false;
    flood(10);
    expect(records).toEqual([]);
    expect(turnedAway.unrecorded).toBe(10);
  });
});
