/** What somebody reads who got hold of the whole KV namespace: docs/security.md tells it, and this test holds it to that. */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { testApiSecret, testBindings, testNodeToken } from '../../testdata/bindings.ts';
import { asAdmin, putRouting } from '../../testdata/requests.ts';

let leaked = '';

beforeAll(async () => {
  await putRouting({
    trunks: [
      {
        sip_trunk_id: 'ST_closed',
        numbers: ['+15550100'],
        auth_username: 'alice',
        auth_password: 'wonderland',
      },
    ],
    rules: [{ rule: { dispatch_rule_direct: { room_name: 'vault', pin: '4711' } } }],
  });
  const status = async () => (await asAdmin('GET', '/v1/routing/status')).json();
  await vi.waitFor(
    async () => {
      const { revision, published_revision } = (await status()) as Record<string, number>;
      expect(published_revision).toBe(revision);
    },
    { timeout: 20_000 },
  );
  const { keys } = await env.ROUTING.list();
  for (const { name } of keys) {
    const text = (await env.ROUTING.get(name)) ?? '';
    // Objects lie there as base64 of their protobuf.
    const opened = text.replace(
      /[A-Za-z0-9+/=]{16,}/g,
      (piece) => `${piece} ${Buffer.from(piece, 'base64').toString('latin1')}`,
    );
    leaked += `${name}\n${opened}\n`;
  }
});

describe('KV', () => {
  it('shows routing: numbers, rooms, PINs, and what the digest of a trunk is checked with', () => {
    for (const shown of ['+15550100', 'vault', '4711', 'alice', '"ha1"'])
      expect(leaked).toContain(shown);
  });

  it.each([
    ['the password of a trunk', 'wonderland'],
    ['the secret of the LiveKit API', testApiSecret],
    ['the token of a node', testNodeToken],
    ['the hash of a token', testBindings.NODE_TOKENS.slice(11, 40)],
    ['the key that seals', testBindings.SEALING_KEY],
    ['the secret of nonces', testBindings.NONCE_SECRET],
    ['a secret of webhooks', testBindings.WEBHOOK_SECRETS.slice(6, 40)],
  ])('does not show %s', (_what, secret) => {
    expect(secret.length).toBeGreaterThan(8);
    expect(leaked).not.toContain(secret);
  });
});
