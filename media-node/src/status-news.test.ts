import { linkLimits } from '@callgate/shared/limits.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { StatusNews } from './status-news.ts';

let news: StatusNews;
beforeEach(() => {
  news = new StatusNews();
});

describe('the edge hears at once', () => {
  it('that a node has its first call, and that it has had its last', () => {
    expect([1, 2, 1, 0].map((calls) => news.isNews(calls, 'accepting', 0))).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  it('that a node is full', () => {
    news.isNews(1, 'accepting', 0);
    expect(news.isNews(60, 'full', linkLimits.newsMs)).toBe(true);
  });

  it('of a node that is full and not full with every call once in a while only', () => {
    news.isNews(1, 'accepting', 0);
    let told = 0;
    for (let nowMono = 0; nowMono < 10 * linkLimits.newsMs; nowMono += 10)
      if (news.isNews(60, nowMono % 20 === 0 ? 'full' : 'accepting', nowMono)) told += 1;
    expect(told).toBeLessThanOrEqual(10);
  });
});
