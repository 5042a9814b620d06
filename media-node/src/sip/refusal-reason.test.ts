import { outcomes } from '@callgate/shared/call/outcome.ts';
import { describe, expect, it } from 'vitest';
import { endpointBench } from './endpoint-bench.fake.ts';
import { connectionReason, refusalReason } from './refusal-reason.ts';
import type { RequestOptions } from './scripted-peer.fake.ts';

describe('the row of a refusal', () => {
  it.each([400, 405, 406, 415, 416, 420, 422, 481, 482, 483, 503, 505, 513])(
    'has the status that was answered: %i',
    (status) => {
      expect(outcomes[refusalReason('whatever', status)].sipStatus).toBe(status);
    },
  );

  it.each(['scanner-name', 'too-many-requests', 'too-many-strangers', 'too-many-failures'])(
    'is one of silence after %s',
    (rule) => {
      expect(outcomes[refusalReason(rule, null)].sipStatus).toBeNull();
    },
  );
});

describe('a connection that is ended', () => {
  it.each([
    ['stream-broken', 'malformed-request'],
    ['peer-too-slow', 'malformed-request'],
    ['proxy-header-refused', 'malformed-request'],
    ['too-many-connections', 'stranger-too-fast'],
    ['too-many-handshakes', 'stranger-too-fast'],
    ['connection-failed', undefined],
  ])('for %s has the row %s', (rule, reason) => {
    expect(connectionReason(rule).reason).toBe(reason);
  });
});

describe('a request that is refused before it is a call', () => {
  it.each<[string, RequestOptions]>([
    ['method-not-allowed', { method: 'REGISTER' }],
    ['no-such-call', { method: 'BYE', toTag: 'gone' }],
    ['no-such-call', { method: 'CANCEL' }],
    ['too-many-hops', { headers: { 'Max-Forwards': '0' } }],
    ['unsupported-extension', { headers: { Require: 'nothingweknow' } }],
    ['unsupported-media-type', { headers: { 'Content-Type': 'text/plain' }, body: 'x' }],
    ['interval-too-small', { headers: { 'Session-Expires': '30', Supported: 'timer' } }],
    ['scanner-dropped', { headers: { 'User-Agent': 'friendly-scanner' } }],
  ])('is one line in the log: %s, with its source and trace id', async (reason, request) => {
    const bench = await endpointBench();
    bench.request(request);
    const lines = bench.logged.filter(({ event }) => event === 'sip-refused');
    expect(lines.map(({ fields }) => fields)).toEqual([
      expect.objectContaining({
        reason,
        source: '192.0.2.7',
        trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      }),
    ]);
  });
});
