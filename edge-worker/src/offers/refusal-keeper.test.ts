/** What is kept of a refused call is what the dry run says of it. */
import { env } from 'cloudflare:workers';
import type { Offer } from '@callgate/shared/contract/offer.ts';
import { describe, expect, it } from 'vitest';
import { decide, offerOf } from '../../testdata/phone.ts';
import { asAdmin, asNode, putRouting } from '../../testdata/requests.ts';

const trunk = { sip_trunk_id: 'ST_main', name: 'main', numbers: ['+15550100'] };
const lobby = {
  sip_dispatch_rule_id: 'SDR_lobby',
  trunk_ids: ['ST_main'],
  rule: { dispatch_rule_direct: { room_name: 'lobby', pin: '' } },
};

let calls = 0;
/** An id that no other test of this file uses. */
function nextCall(): string {
  calls += 1;
  return `SCL_refused${String(calls).padStart(5, 'a').replace(/[01l]/g, '2')}`;
}

const refusalOf = async (callId: string) =>
  ((await (await asAdmin('GET', `/v1/calls/${callId}`)).json()) as { refusal?: object }).refusal;

async function simulated({ to, from, source, call_id }: Offer, more = {}): Promise<object> {
  const call = {
    call_id,
    from_user: from.user,
    from_host: from.host,
    to_user: to.user,
    source: source.address,
  };
  const response = await asAdmin('POST', '/v1/routing/simulate', { call, ...more });
  const { trace, explanation, reason } = (await response.json()) as Record<string, unknown>;
  return { trace, explanation, reason };
}

describe('a refused call', () => {
  it.each([
    ['to a number of no trunk', { to: { user: '+15550111', host: 'x' } }],
    ['that no rule takes', {}],
  ])('%s keeps the trace of its dry run, near misses included', async (_what, changes) => {
    const { revision } = await putRouting({
      trunks: [trunk],
      rules: [{ ...lobby, numbers: ['+15550177'] }],
    });
    const offer = offerOf({ call_id: nextCall(), min_revision: revision, ...changes });
    const decision = await decide(offer);
    const dryRun = await simulated(offer);
    await expect
      .poll(() => refusalOf(offer.call_id))
      .toEqual({ node: 'test-1', revision, ...dryRun });
    expect(dryRun).toMatchObject({ reason: decision.kind === 'refuse' ? decision.reason : '' });
    expect(JSON.stringify(dryRun)).toMatch(/ST_main|SDR_lobby/);
  });

  it('keeps it as it was then, whatever the table says now', async () => {
    const { revision } = await putRouting({ trunks: [trunk] });
    const offer = offerOf({ call_id: nextCall(), min_revision: revision });
    const dryRun = await simulated(offer);
    await decide(offer);
    await putRouting({ trunks: [trunk], rules: [lobby] });
    await expect
      .poll(() => refusalOf(offer.call_id))
      .toEqual({ node: 'test-1', revision, ...dryRun });
    expect(await simulated(offer, { revision })).toEqual(dryRun);
  });

  it('of a large table names what comes into question', async () => {
    const many = Array.from({ length: 2_100 }, (_, n) => ({
      sip_trunk_id: `ST_${n}`,
      numbers: [`+1666${n}`],
    }));
    const barred = { ...trunk, allowed_addresses: ['192.0.2.1'] };
    const { revision } = await putRouting({ trunks: [...many, barred] });
    await putRouting({ trunks: [...many, trunk] });
    const offer = offerOf({ call_id: nextCall() });
    expect(await simulated(offer)).toMatchObject({ reason: 'no-rule' });
    expect(await simulated(offer, { revision })).toMatchObject({
      reason: 'no-trunk',
      trace: { trunks: [{ id: 'ST_main', failed: { field: 'allowed_addresses' } }] },
    });
  });

  it('that hears nothing keeps its trace, too', async () => {
    await putRouting({ trunks: [trunk] });
    const offer = offerOf({ call_id: nextCall(), to: { user: '+15550111', host: 'x' } });
    const { createApp } = await import('../app.ts');
    const { systemClock } = await import('../clock.ts');
    const { createExecutionContext, waitOnExecutionContext } = await import('cloudflare:test');
    const context = createExecutionContext();
    const request = new Request('https://edge.test/v1/offers', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: 'Bearer node-token-of-the-tests',
      },
      body: JSON.stringify(offer),
    });
    const bindings = { ...env, STRANGERS: 'drop' };
    const response = await createApp(systemClock).fetch(request, bindings, context);
    expect(await response.json()).toMatchObject({ kind: 'drop', reason: 'stranger-dropped' });
    await waitOnExecutionContext(context);
    expect(await refusalOf(offer.call_id)).toMatchObject({
      reason: 'stranger-dropped',
      explanation: expect.stringContaining('Trunk ST_main (main) lists +15550100'),
      trace: { trunks: [{ id: 'ST_main', failed: { field: 'numbers' } }] },
    });
  });

  it('after wrong PINs keeps why, and no PIN', async () => {
    const rule = { ...lobby, rule: { dispatch_rule_direct: { room_name: 'lobby', pin: '4711' } } };
    const { revision } = await putRouting({ trunks: [trunk], rules: [rule] });
    const call_id = nextCall();
    let decision = await decide({ call_id, min_revision: revision });
    for (const digits of ['9980', '9981', '9982']) {
      const ticket = decision.kind === 'ask-pin' ? decision.ticket : '';
      const body = { contract: 1, ticket, digits };
      decision = await (await asNode('POST', `/v1/offers/${call_id}/pin`, body)).json();
    }
    expect(decision).toMatchObject({ kind: 'refuse', reason: 'wrong-pin' });
    await expect
      .poll(() => refusalOf(call_id))
      .toMatchObject({
        reason: 'wrong-pin',
        trace: { rules: [{ id: 'SDR_lobby', failed: { field: 'pin' } }] },
      });
    expect(JSON.stringify(await refusalOf(call_id))).not.toMatch(/4711|998\d/);
  });
});
