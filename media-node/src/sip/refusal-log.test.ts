import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import { RefusalLog } from './refusal-log.ts';

let clock: FakeClock;
let refusals: RefusalLog;
let lines: Readonly<Record<string, unknown>>[];
let traced: number;
beforeEach(() => {
  clock = new FakeClock();
  lines = [];
  traced = 0;
  refusals = new RefusalLog(clock, (_level, _event, fields = {}) => lines.push(fields));
});

const refuse = (source: string) =>
  refusals.note(source, { rule: 'scanner', sip_status: 403 }, () => `trace-${++traced}`);

describe('the log of refusals', () => {
  it('names source, reason and trace id', () => {
    refuse('192.0.2.7');
    expect(lines).toEqual([
      {
        source: '192.0.2.7',
        trace_id: 'trace-1',
        rule: 'scanner',
        sip_status: 403,
        not_logged: 0,
      },
    ]);
  });

  it('has one line for a source and second, and counts the rest without making their trace ids', () => {
    for (let n = 0; n < 1_000; n++) refuse('192.0.2.7');
    refuse('192.0.2.8');
    expect(lines.map(({ source }) => source)).toEqual(['192.0.2.7', '192.0.2.8']);
    expect(traced).toBe(2);
    clock.advance(1_000);
    refuse('192.0.2.7');
    expect(lines.length).toBe(3);
    expect(lines[1]).toMatchObject({ not_logged: 999 });
  });

  it('counts every refusal by its rule, logged or not', () => {
    for (let n = 0; n < 3; n++) refuse('192.0.2.7');
    expect(refusals.counts).toEqual({ scanner: 3 });
  });

  it('has no more than so many lines in a second, however many sources there are', () => {
    for (let n = 0; n < 5_000; n++) refuse(`192.0.2.${n}`);
    expect(lines.length).toBe(256);
  });
});
