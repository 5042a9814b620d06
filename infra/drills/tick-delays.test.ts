import { expect, it } from 'vitest';
import { punctualShare, readTicks } from './tick-delays.ts';

const name = 'callgate_media_tick_delay_seconds_bucket';
const metrics = [
  `# TYPE ${name} counter`,
  `${name}{process="0",le="0.002"} 80`,
  `${name}{process="0",le="0.005"} 90`,
  `${name}{process="0",le="+Inf"} 100`,
  `${name}{process="1",le="0.005"} 7`,
  `${name}{process="1",le="+Inf"} 10`,
  'callgate_calls 3',
].join('\n');

it('sums the ticks of all media processes', () => {
  expect(readTicks(metrics)).toEqual({ all: 110, within5Ms: 97 });
});

it('tells the punctual share of what ticked between two looks', () => {
  const before = { all: 110, within5Ms: 97 };
  expect(punctualShare(before, { all: 310, within5Ms: 296 })).toBe(0.995);
  expect(punctualShare(before, before)).toBeNull();
});
