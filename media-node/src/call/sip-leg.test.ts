import { describe, expect, it } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import { LineLimit } from '../line-limit.ts';
import { FakeSipCall } from '../sip/sip-call.fake.ts';
import { SipLeg } from './sip-leg.ts';

describe('the log of refused calls', () => {
  it('has one line for a source and second, with the reason and how many were left out', () => {
    const clock = new FakeClock();
    const refusals = new LineLimit(clock);
    const lines: unknown[] = [];
    const refuse = (address: string) => {
      const source = { address, port: 5060, transport: 'udp' } as const;
      const log = (...line: unknown[]) => lines.push(line);
      new SipLeg(new FakeSipCall({ source }), log, refusals).refuse('no-trunk', 'No trunk.');
    };
    for (let call = 0; call < 50; call += 1) refuse('192.0.2.7');
    refuse('192.0.2.8');
    clock.advance(1_000);
    refuse('192.0.2.7');
    const line = (source: string, unsaid: number) => [
      'info',
      'call-refused',
      { source, reason: 'no-trunk', sip_status: 404, why: 'No trunk.', not_logged: unsaid },
    ];
    expect(lines).toEqual([line('192.0.2.7', 0), line('192.0.2.8', 49), line('192.0.2.7', 0)]);
  });
});
