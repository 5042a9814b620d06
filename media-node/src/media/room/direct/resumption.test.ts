import { roomLimits } from '@callgate/shared/limits.ts';
import { LeaveRequest, ReconnectResponse } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../clock.fake.ts';
import { MediaTick } from '../../media-tick.ts';
import { Resumption } from './resumption.ts';
import { SignalClient } from './signal-client.ts';

/** A resumption whose attempts come to what the test says; signalling itself is never opened. */
function lose() {
  const clock = new FakeClock();
  const tick = new MediaTick(clock);
  const tokens: string[] = [];
  const urls: URL[] = [];
  const ends: string[] = [];
  let token = 'first';
  const resumption = new Resumption(clock, {
    open: (url, used) => {
      urls.push(url);
      tokens.push(used);
      const nobody = { onMessage: () => {}, onRefused: () => {}, onLost: () => {} };
      return new SignalClient(nobody, clock, tick);
    },
    onResumed: (_signal, first) => ends.push(`resumed by ${first.case}`),
    onFailed: (why) => ends.push(why),
  });
  resumption.start(new URL('ws://127.0.0.1:7880/rtc/v1'), () => token);
  const renew = (next: string) => {
    token = next;
  };
  return { clock, resumption, tokens, urls, ends, renew };
}

const reconnect = { case: 'reconnect', value: new ReconnectResponse() } as const;

describe('taking the signalling up again', () => {
  it('asks at once, and is done with the first word of the server', () => {
    const { clock, resumption, urls, ends } = lose();
    expect(urls.map(({ pathname }) => pathname)).toEqual(['/rtc/v1']);
    expect(resumption.isRunning).toBe(true);
    resumption.onMessage(reconnect);
    expect(ends).toEqual(['resumed by reconnect']);
    expect(resumption.isRunning).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it('asks again after longer and longer pauses, with the newest token', () => {
    const { clock, resumption, tokens, renew } = lose();
    resumption.onLost();
    renew('second');
    clock.advance(99);
    expect(tokens).toEqual(['first']);
    clock.advance(1);
    expect(tokens).toEqual(['first', 'second']);
    resumption.onLost();
    clock.advance(200);
    expect(tokens).toHaveLength(3);
  });

  it('does not wait for ever for a server that takes the connection and says nothing', () => {
    const { clock, tokens } = lose();
    clock.advance(roomLimits.resumeAttemptMs + 100);
    expect(tokens).toHaveLength(2);
  });

  it.each([
    ['the time is up', 'not resumed after 6000 ms'],
    ['the server does not take the token', 'HTTP status 401'],
    ['the server knows us no more', 'the server wants a new join'],
  ])('fails when %s, and leaves nothing behind', (what, why) => {
    const { clock, resumption, ends } = lose();
    if (what === 'the time is up') clock.advance(roomLimits.resumeMs);
    if (what === 'the server does not take the token') resumption.onRefused(401);
    if (what === 'the server knows us no more')
      resumption.onMessage({ case: 'leave', value: new LeaveRequest() });
    expect(ends).toEqual([why]);
    expect(resumption.lostAtMono).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('counts how long the server was away from the loss on', () => {
    const { clock, resumption } = lose();
    clock.advance(700);
    expect(resumption.awayMs).toBe(700);
  });
});
