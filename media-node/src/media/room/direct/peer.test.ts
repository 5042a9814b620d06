import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../clock.fake.ts';
import { PeerState } from './peer.ts';

type Step =
  | 'it is answered'
  | 'ice connected'
  | 'ice completed'
  | 'a track is open'
  | 'a packet comes'
  | 'connected'
  | 'failed'
  | 'closed'
  | 'we close it';

/** Each step, and then the time in which ICE is looked at. */
function told(steps: readonly Step[]): { events: string[]; looks: number; pending: number } {
  const events: string[] = [];
  const clock = new FakeClock();
  let ice = 'checking';
  let isOpen = false;
  let looks = 0;
  const state = new PeerState({
    onReached: () => events.push('reached'),
    onUp: () => events.push('up'),
    onDown: () => events.push('down'),
  });
  const progress = {
    iceState: () => {
      looks += 1;
      return ice;
    },
    isOpen: () => isOpen,
  };
  for (const step of steps) {
    if (step === 'we close it') state.close();
    else if (step === 'it is answered') state.watch(progress, clock);
    else if (step === 'a track is open') isOpen = true;
    else if (step === 'a packet comes') state.rise();
    else if (step.startsWith('ice ')) ice = step.slice('ice '.length);
    else state.become(step);
    clock.advance(2);
  }
  return { events, looks, pending: clock.pending };
}

describe('a connection tells', () => {
  it.each<[readonly Step[], readonly string[]]>([
    [['it is answered', 'ice connected'], ['reached']],
    [['ice completed', 'it is answered'], ['reached']],
    [
      ['it is answered', 'ice connected', 'ice completed', 'connected'],
      ['reached', 'up'],
    ],
    // Should ICE tell later than DTLS, nobody is up who was not reached before.
    [
      ['it is answered', 'connected', 'ice connected'],
      ['reached', 'up'],
    ],
    [
      ['it is answered', 'ice connected', 'failed'],
      ['reached', 'down'],
    ],
    // Its data channels take longer, and a voice does not wait for them.
    [
      ['it is answered', 'ice connected', 'a track is open', 'connected'],
      ['reached', 'up'],
    ],
    [
      ['it is answered', 'ice connected', 'a track is open', 'failed'],
      ['reached', 'up', 'down'],
    ],
    // The first packet may come between two looks.
    [
      ['it is answered', 'a packet comes', 'ice connected', 'a track is open'],
      ['reached', 'up'],
    ],
    [['it is answered', 'failed', 'a track is open', 'a packet comes'], ['down']],
    [['it is answered', 'we close it', 'a track is open', 'a packet comes'], []],
    [['it is answered', 'failed', 'ice connected'], ['down']],
    [['it is answered', 'we close it', 'ice connected', 'connected', 'closed'], []],
    [['it is answered', 'ice connected', 'we close it', 'connected'], ['reached']],
  ])('%j: %j', (steps, events) => {
    expect(told(steps).events).toEqual(events);
  });
});

describe('it is looked at', () => {
  it.each<[string, Step]>([
    ['lets packets pass', 'a track is open'],
    ['has got one', 'a packet comes'],
    ['has failed', 'failed'],
    ['is closed by the other side', 'closed'],
    ['is closed by us', 'we close it'],
  ])('until it %s, and no longer', (_what, end) => {
    const { looks, pending } = told(['it is answered', end]);
    const later = told(['it is answered', end, 'ice completed', 'ice completed']);
    expect([pending, later.looks]).toEqual([0, looks]);
  });
});
