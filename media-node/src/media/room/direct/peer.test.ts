import { describe, expect, it } from 'vitest';
import { PeerState } from './peer.ts';

type Step = 'ice connected' | 'ice completed' | 'connected' | 'failed' | 'closed' | 'we close it';

function told(steps: readonly Step[]): string[] {
  const events: string[] = [];
  const state = new PeerState({
    onReached: () => events.push('reached'),
    onUp: () => events.push('up'),
    onDown: () => events.push('down'),
  });
  for (const step of steps) {
    if (step === 'we close it') state.close();
    else if (step.startsWith('ice ')) state.becomeIce(step.slice('ice '.length));
    else state.become(step);
  }
  return events;
}

describe('a connection tells', () => {
  it.each<[readonly Step[], readonly string[]]>([
    [['ice connected'], ['reached']],
    [
      ['ice connected', 'ice completed', 'connected'],
      ['reached', 'up'],
    ],
    // Should ICE tell later than DTLS, nobody is up who was not reached before.
    [
      ['connected', 'ice connected'],
      ['reached', 'up'],
    ],
    [
      ['ice connected', 'failed'],
      ['reached', 'down'],
    ],
    [['we close it', 'ice connected', 'connected', 'closed'], []],
    [['ice connected', 'we close it', 'connected'], ['reached']],
  ])('%j: %j', (steps, events) => {
    expect(told(steps)).toEqual(events);
  });
});
