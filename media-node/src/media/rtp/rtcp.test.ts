import { describe, expect, it } from 'vitest';
import { estimateMos } from './quality.ts';
import { Reception } from './reception.ts';
import { Reporting } from './reporting.ts';
import { ntpMiddleOf, readRtcp, roundTripMs, writeGoodbye, writeRtcp } from './rtcp.ts';

const block = {
  ssrc: 9,
  fractionLost: 0.25,
  lost: -3,
  highestSequence: 70_000,
  jitterTicks: 80,
  lastReport: 0x1234_5678,
  sinceLastReport: 65_536,
};
const sent = { nowWall: 1_795_000_000_500, timestamp: 160, packets: 7, payloadBytes: 1_120 };

describe('RTCP (RFC 3550 §6)', () => {
  it('reads the sender report that it wrote', () => {
    const bytes = writeRtcp(5, 'cname', sent, block);
    expect(bytes.length % 4).toBe(0);
    expect(bytes.readUInt32BE(8)).toBe(1_795_000_000 + 2_208_988_800);
    expect(readRtcp(bytes)).toEqual({
      sender: { ssrc: 5, ntpMiddle: ntpMiddleOf(sent.nowWall) },
      blocks: [block],
      gone: [],
    });
  });

  it('reads the receiver report and the goodbye that it wrote', () => {
    expect(readRtcp(writeRtcp(5, 'cname', null, block))).toMatchObject({
      sender: null,
      blocks: [block],
    });
    expect(readRtcp(writeGoodbye(5, 'cname'))).toMatchObject({ gone: [5] });
  });

  it.each(['', 'a', 'ab', 'abc', 'abcd', 'x'.repeat(255)])(
    'pads a CNAME of any length: %j',
    (cname) => {
      const bytes = writeRtcp(5, cname, null, null);
      expect(readRtcp(bytes)).not.toBeNull();
      // The list of items ends with a zero.
      expect(bytes.at(-1)).toBe(0);
    },
  );

  it.each([
    ['no bytes', ''],
    ['four bytes that promise more', '80c80006'],
    ['wrong version', '40c90001000000010000'],
    ['a block that is not there', '81c9000100000001'],
    ['a goodbye of more sources than it names', '82cb000100000001'],
    ['a second packet cut short', '80c900010000000180c9'],
  ])('refuses %s', (_what, hex) => {
    expect(readRtcp(Buffer.from(hex, 'hex'))).toBeNull();
  });

  it('passes over what it does not know', () => {
    expect(readRtcp(Buffer.from('80cc00020000000141424344', 'hex'))).toEqual({
      sender: null,
      blocks: [],
      gone: [],
    });
  });

  it('survives 50,000 packets of noise', () => {
    let state = 3;
    for (let i = 0; i < 50_000; i++) {
      const bytes = Buffer.from({ length: i % 60 } as ArrayLike<number>);
      for (let at = 0; at < bytes.length; at++) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        bytes[at] =
          at === 0
            ? 0x80 | (state >>> 27)
            : at === 1
              ? 200 + (state >>> 30)
              : at === 2
                ? 0
                : state >>> 24;
      }
      expect(() => readRtcp(bytes)).not.toThrow();
    }
  });

  it('tells the round trip from a block that answers our report', () => {
    const reportedAt = 1_795_000_000_000;
    const answer = { ...block, lastReport: ntpMiddleOf(reportedAt), sinceLastReport: 32_768 };
    expect(roundTripMs(answer, reportedAt + 560)).toBeCloseTo(60, 0);
    expect(roundTripMs({ ...block, lastReport: 0 }, reportedAt)).toBeNull();
    expect(roundTripMs(answer, reportedAt + 400)).toBeNull();
  });
});

describe('Reporting', () => {
  const time = (nowMono: number) => ({
    nowMono,
    nowWall: 1_795_000_000_000 + nowMono,
    random: 0.5,
  });
  const own = { ssrc: 5, sent };

  it('reports at first after 2.5 s, then about every five', () => {
    const reporting = new Reporting(0);
    const at: number[] = [];
    for (let now = 0; now <= 15_000; now += 500) {
      if (reporting.report(own, null, time(now)) !== null) at.push(now);
    }
    expect(at).toEqual([2_500, 7_500, 12_500]);
  });

  it('says what was lost since the last report, and since the beginning', () => {
    const reporting = new Reporting(0);
    const reception = new Reception(8_000);
    const receive = (sequences: readonly number[]) => {
      for (const sequence of sequences)
        reception.arrive({ ssrc: 9, sequence, timestamp: sequence * 160 }, sequence * 20);
    };
    receive([1, 2, 3, 5]);
    const first = readRtcp(reporting.report(own, reception, time(5_000)) ?? Buffer.alloc(0));
    expect(first?.blocks[0]).toMatchObject({ ssrc: 9, lost: 1, highestSequence: 5 });
    expect(first?.blocks[0]?.fractionLost).toBeCloseTo(0.2, 2);
    receive([6, 7]);
    const second = readRtcp(reporting.report(own, reception, time(20_000)) ?? Buffer.alloc(0));
    expect(second?.blocks[0]).toMatchObject({ lost: 1, fractionLost: 0, highestSequence: 7 });
  });

  it('answers the phone reports, and learns loss and round trip from those about us', () => {
    const reporting = new Reporting(0);
    const reception = new Reception(8_000);
    reception.arrive({ ssrc: 9, sequence: 1, timestamp: 0 }, 0);
    const start = time(0).nowWall;
    const ours = {
      ...block,
      ssrc: 5,
      lost: 4,
      lastReport: ntpMiddleOf(start - 100),
      sinceLastReport: 3_277,
    };
    reporting.receive(writeRtcp(9, 'phone', { ...sent, nowWall: start }, ours), 5, start);
    expect(reporting.roundTripMs).toBeCloseTo(50, 0);
    expect(reporting.remoteLoss).toEqual({ fraction: 0.25, packets: 4 });
    const report = readRtcp(reporting.report(own, reception, time(3_000)) ?? Buffer.alloc(0));
    expect(report?.blocks[0]).toMatchObject({
      lastReport: ntpMiddleOf(start),
      sinceLastReport: 196_608,
    });
  });

  it.each([
    ['four bytes', Buffer.from('80c90000', 'hex')],
    ['a report about another stream', writeRtcp(9, 'x', null, block)],
    ['a goodbye', writeGoodbye(9, 'x')],
  ])('takes no notice of %s', (_what, bytes) => {
    const reporting = new Reporting(0);
    reporting.receive(bytes, 5, 0);
    expect(reporting.roundTripMs).toBeNull();
    expect(reporting.remoteLoss).toEqual({ fraction: null, packets: 0 });
  });
});

describe('estimateMos', () => {
  const clean = { codec: 'PCMU', lossFraction: 0, jitterMs: 1, roundTripMs: 20 } as const;

  it.each([
    ['a clean call', clean, 4.39],
    ['one percent lost', { ...clean, lossFraction: 0.01 }, 4.31],
    ['five percent lost', { ...clean, lossFraction: 0.05 }, 3.83],
    ['half a second away', { ...clean, roundTripMs: 1_000 }, 2.2],
    ['everything lost', { ...clean, lossFraction: 1 }, 1.11],
    ['nothing known of the way back', { ...clean, roundTripMs: null }, 4.4],
  ])('%s', (_what, figures, mos) => {
    expect(Math.abs(estimateMos(figures) - mos)).toBeLessThan(0.1);
  });
});
