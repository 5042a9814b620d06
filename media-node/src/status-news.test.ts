import { linkLimits } from '@callgate/shared/limits.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from './clock.fake.ts';
import { type NodeCondition, StatusNews } from './status-news.ts';

const { newsMs } = linkLimits;
const idle: NodeCondition = { hasCalls: false, state: 'accepting' };
const busy: NodeCondition = { hasCalls: true, state: 'accepting' };
const full: NodeCondition = { hasCalls: true, state: 'full' };

let clock: FakeClock;
let condition: NodeCondition;
let told: NodeCondition[];
let news: StatusNews;
beforeEach(() => {
  clock = new FakeClock();
  condition = idle;
  told = [];
  news = new StatusNews({ clock, now: () => condition, tell: () => told.push(condition) });
});

function become(next: NodeCondition): void {
  condition = next;
  news.changed();
}

describe('the edge hears', () => {
  it('at once that a node has its first call', () => {
    become(busy);
    expect(told).toEqual([busy]);
  });

  it('at once of what changes after a while: the last call, a full node', () => {
    become(busy);
    clock.advance(newsMs);
    become(full);
    clock.advance(newsMs);
    become(idle);
    expect(told).toEqual([busy, full, idle]);
  });

  it('in the end of what changed right after the last news', () => {
    become(busy);
    become(idle);
    expect(told).toEqual([busy]);
    clock.advance(newsMs);
    expect(told).toEqual([busy, idle]);
  });

  it('nothing of what is again as it was told', () => {
    become(busy);
    become(idle);
    become(busy);
    clock.advance(newsMs);
    expect(told).toEqual([busy]);
  });

  it('once in a while only of a node with one call after the other', () => {
    for (let ms = 0; ms < 10 * newsMs; ms += 10) {
      become(ms % 20 === 0 ? busy : idle);
      clock.advance(10);
    }
    expect(told.length).toBeGreaterThan(1);
    expect(told.length).toBeLessThanOrEqual(11);
  });

  it('nothing from a node that stops', () => {
    become(busy);
    become(idle);
    news.stop();
    clock.advance(newsMs);
    become(full);
    expect(told).toEqual([busy]);
    expect(clock.pending).toBe(0);
  });
});
