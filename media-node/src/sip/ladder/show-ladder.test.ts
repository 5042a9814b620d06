import { describe, expect, it } from 'vitest';
import { answerBody, endpointBench } from '../endpoint-bench.fake.ts';

describe('the ladder of a call', () => {
  it('has every message both ways, in order, with its instant', async () => {
    const bench = await endpointBench((call) => {
      call.provisional({ status: 180, phrase: 'Ringing' });
    });
    bench.request();
    bench.clock.advance(40);
    bench.calls[0]?.accept(answerBody);
    bench.clock.advance(10);
    const toTag = bench.toTag();
    bench.request({ method: 'ACK', toTag, branch: 'z9hG4bK-ack' });
    bench.clock.advance(50);
    bench.request({ method: 'BYE', number: 2, toTag, branch: 'z9hG4bK-bye' });
    bench.endpoint.ladders.name('call-1', 'SCL_a', 'trace-a');

    const text = bench.endpoint.ladders.asText('SCL_a') ?? '';
    const [title = '', , ...lines] = text.split('\n');
    expect(title).toMatch(/^call SCL_a {2}trace trace-a {2}Call-ID call-1 {2}2026-/);
    expect(lines.slice(0, lines.indexOf('')).map((line) => line.trim())).toEqual([
      '0 ms  192.0.2.7:5070/udp ───▶ node   INVITE sip:*****0100@192.0.2.1 SIP/2.0   1 INVITE',
      '0 ms  192.0.2.7:5070/udp ◀─── node   SIP/2.0 180 Ringing   1 INVITE',
      '40 ms  192.0.2.7:5070/udp ◀─── node   SIP/2.0 200 OK   1 INVITE',
      '50 ms  192.0.2.7:5070/udp ───▶ node   ACK sip:*****0100@192.0.2.1 SIP/2.0   1 ACK',
      '100 ms  192.0.2.7:5070/udp ───▶ node   BYE sip:*****0100@192.0.2.1 SIP/2.0   2 BYE',
      '100 ms  192.0.2.7:5070/udp ◀─── node   SIP/2.0 200 OK   2 BYE',
    ]);
    expect(text).toContain('    Call-ID: call-1\n');
    expect(text).not.toContain('+15550199');
  });

  it('is there for programs, too, and is none of a call that never was', async () => {
    const bench = await endpointBench((call) => call.refuse({ status: 404, phrase: 'Not Found' }));
    bench.request();
    expect(bench.endpoint.ladders.asJson('call-1')).toMatchObject({
      sip_call_id: 'call-1',
      messages: [
        { direction: 'in', after_ms: 0, start: 'INVITE sip:*****0100@192.0.2.1 SIP/2.0' },
        { direction: 'out', start: 'SIP/2.0 404 Not Found' },
      ],
      left_out: 0,
    });
    expect(bench.endpoint.ladders.asText('call-2')).toBeNull();
  });
});
