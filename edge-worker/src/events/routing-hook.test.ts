import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { testWebhookSecrets } from '../../testdata/bindings.ts';
import { asAdmin, putRouting, send } from '../../testdata/requests.ts';
import { createApp } from '../app.ts';
import { systemClock } from '../clock.ts';

const trunk = { sip_trunk_id: 'ST_a', numbers: ['+15550100'] };
const replace = (trunks: object[], more = {}) => ({
  type: 'routing.replace',
  timestamp: '2026-11-23T00:00:00Z',
  data: { trunks, rules: [], ...more },
});

interface Signing {
  readonly id?: string;
  readonly secret?: string;
  readonly at?: Date;
  /** Sent instead of what was signed. */
  readonly body?: string;
}

let messages = 0;
function signed(message: object | string, signing: Signing = {}) {
  messages += 1;
  const { id = `msg_${messages}`, secret = testWebhookSecrets[0] ?? '', at = new Date() } = signing;
  const body = typeof message === 'string' ? message : JSON.stringify(message);
  return {
    body: signing.body ?? body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    },
  };
}

function post(message: object | string, signing?: Signing): Promise<Response> {
  const { body, headers } = signed(message, signing);
  return send('POST', '/hooks/routing', body, headers);
}

const stored = async () =>
  (await (await asAdmin('GET', '/v1/routing')).json()) as { revision: number; trunks: object[] };

describe('the routing hook', () => {
  it('replaces the table', async () => {
    const { revision } = await putRouting({});
    const response = await post(replace([trunk]));
    expect(await response.json()).toMatchObject({ revision: revision + 1, changed: 1 });
    expect(await stored()).toMatchObject({ trunks: [trunk] });
  });

  it('patches the table', async () => {
    await putRouting({ trunks: [trunk] });
    const data = { trunks: { ST_a: { name: 'main' } } };
    expect((await post({ type: 'routing.patch', data })).status).toBe(200);
    expect(await stored()).toMatchObject({ trunks: [{ ...trunk, name: 'main' }] });
  });

  it('takes the signature of any of its secrets', async () => {
    const response = await post(replace([trunk]), { secret: testWebhookSecrets[1] ?? '' });
    expect(response.status).toBe(200);
  });

  it('answers a message that comes again with its first result, and does nothing', async () => {
    await putRouting({});
    const first = await (await post(replace([trunk]), { id: 'msg_again' })).json();
    await putRouting({});
    const before = await stored();
    const second = await post(replace([trunk]), {
      id: 'msg_again',
      at: new Date(Date.now() - 5_000),
    });
    expect(await second.json()).toEqual(first);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(await stored()).toEqual(before);
  });

  const minutes = (n: number) => new Date(Date.now() + n * 60_000);
  it.each<[string, Signing, number]>([
    ['signed with another secret', { secret: `whsec_${'A'.repeat(43)}=` }, 401],
    ['signed for another body', { body: JSON.stringify(replace([])) }, 401],
    ['signed too long ago', { at: minutes(-6) }, 401],
    ['signed in the future', { at: minutes(6) }, 401],
  ])('%s changes nothing', async (_what, signing, status) => {
    const before = await stored();
    const response = await post(replace([{ ...trunk, name: 'evil' }]), signing);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code: 'bad-signature' });
    expect(await stored()).toEqual(before);
  });

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('needs %s', async (name) => {
    const { body, headers } = signed(replace([trunk]));
    const left = Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
    expect((await send('POST', '/hooks/routing', body, left)).status).toBe(401);
  });

  it.each<[object | string, number, string]>([
    ['{"type":', 400, 'bad-json'],
    [{ type: 'routing.erase', data: {} }, 400, 'bad-field'],
    [replace([], { colour: 1 }), 400, 'bad-field'],
    [replace([{ ...trunk, colour: 1 }]), 400, 'bad-field'],
    [replace([{ sip_trunk_id: 'ST_open' }]), 422, 'routing-invalid'],
    [replace([trunk], { expected_revision: 999_999 }), 412, 'revision-mismatch'],
  ])('refuses %j', async (message, status, code) => {
    const before = await stored();
    const response = await post(message);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
    expect(await stored()).toEqual(before);
  });

  it('is closed without secrets', async () => {
    const { body, headers } = signed(replace([trunk]));
    const request = new Request('https://edge.test/hooks/routing', {
      method: 'POST',
      body,
      headers,
    });
    const settings = { ...env, WEBHOOK_SECRETS: '' };
    const response = await createApp(systemClock).fetch(
      request,
      settings,
      createExecutionContext(),
    );
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      detail: expect.stringContaining('WEBHOOK_SECRETS'),
    });
  });
});
