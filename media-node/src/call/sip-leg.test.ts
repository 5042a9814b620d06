import { describe, expect, it } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import { LineLimit } from '../line-limit.ts';
import { FakeSipCall } from '../sip/sip-call.fake.ts';
import { SipLeg } from './sip-leg.ts';

describe('a call whose 200 waits for a PRACK', () => {
  const waiting = () => {
    const sip = new FakeSipCall();
    sip.holdsAnswer = true;
    const leg = new SipLeg(sip, () => {}, new LineLimit(new FakeClock()));
    leg.accept({});
    return { sip, leg };
  };

  it('has no status yet', () => {
    expect(waiting().leg.status).toBeNull();
  });

  it.each([
    ['application-hung-up', 486],
    ['ack-missing', 504],
  ] as const)('that ends meanwhile, %s, is refused as if it rang: %i', (reason, status) => {
    const { sip, leg } = waiting();
    leg.hangUp(reason, [{ name: 'X-Why', value: 'done' }]);
    expect(sip.said).toEqual([`${status}`]);
    expect(sip.answers[0]?.headers).toContainEqual({ name: 'X-Why', value: 'done' });
    expect(leg.status).toBe(status);
  });
});

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
