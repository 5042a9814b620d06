import { Registry } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import { type HealthListener, listenForHealth } from './health.ts';
import { healthRoutes } from './health-routes.ts';

let status: 'ok' | 'draining';
let media: string;
beforeEach(() => {
  status = 'ok';
  media = 'ok';
});

const answer = healthRoutes({
  health: () => ({ status, calls: 3 }),
  checks: () => ({ taking_calls: status, media }),
  warnings: () => ['clock-skew'],
  stats: () => ({ calls: 3 }),
  registry: new Registry(),
  ladders: {
    asText: (id) => (id === 'SCL_a' || id === 'a@[::1]' ? `ladder of ${id}` : null),
    asJson: (id) => (id === 'SCL_a' ? { call_id: id } : null),
  },
});

describe('the health listener', () => {
  it('says ready while every condition holds, and which one does not', async () => {
    expect(await answer('/ready')).toMatchObject({ status: 200 });
    media = 'no media process takes calls';
    const { status: code, body } = await answer('/ready');
    expect(code).toBe(503);
    expect(JSON.parse(body)).toEqual({
      status: 'not-ready',
      checks: { taking_calls: 'ok', media: 'no media process takes calls' },
      warnings: ['clock-skew'],
    });
  });

  it('is alive, but not ready and not healthy, while it drains', async () => {
    status = 'draining';
    expect(await answer('/live')).toMatchObject({ status: 200 });
    expect(await answer('/ready')).toMatchObject({ status: 503 });
    expect(await answer('/health')).toMatchObject({ status: 503 });
  });

  it('names its paths to who asks for another', async () => {
    for (const path of ['/', '/metricsx', '/toString', '/__proto__']) {
      const { status: code, body } = await answer(path);
      expect(code).toBe(404);
      expect(body).toContain('/live, /ready, /health, /stats, /metrics');
    }
  });

  it('shows the ladder of a call as text and as JSON', async () => {
    expect(await answer('/calls/SCL_a/ladder')).toMatchObject({
      status: 200,
      body: 'ladder of SCL_a',
    });
    expect(await answer('/calls/SCL_a/ladder.json')).toMatchObject({
      status: 200,
      contentType: 'application/json',
    });
    expect(await answer(`/calls/${encodeURIComponent('a@[::1]')}/ladder`)).toMatchObject({
      status: 200,
    });
    for (const path of ['/calls/SCL_b/ladder', '/calls/SCL_b/ladder.json', '/calls/%zz/ladder'])
      expect(await answer(path)).toMatchObject({ status: 404 });
  });

  it('answers over HTTP, GET alone, and survives a look that fails', async () => {
    const listener: HealthListener = await listenForHealth({
      address: '127.0.0.1',
      port: 0,
      answer: (path) => {
        if (path === '/broken') throw new Error('the look failed');
        return answer(path);
      },
    });
    const url = `http://127.0.0.1:${listener.port}`;
    try {
      const metrics = await fetch(`${url}/metrics?x=1`);
      expect(metrics.headers.get('content-type')).toContain('text/plain; version=0.0.4');
      expect((await fetch(`${url}/live`, { method: 'POST' })).status).toBe(405);
      expect((await fetch(`${url}/broken`)).status).toBe(500);
      expect((await fetch(`${url}/live`)).status).toBe(200);
    } finally {
      await listener.close();
    }
  });
});
