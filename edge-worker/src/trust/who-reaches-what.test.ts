/** Every operation of the HTTP surface, tried with every credential that is not its own: what a stolen one opens, and what not. */
import { describe, expect, it } from 'vitest';
import { testNodeToken } from '../../testdata/bindings.ts';
import { decide } from '../../testdata/phone.ts';
import { apiAuthorization, putRouting, send } from '../../testdata/requests.ts';
import type { Operation } from '../openapi/operation.ts';
import { operations } from '../openapi/operations.ts';

const of = (auth: Operation['auth']) => operations.filter((one) => one.auth === auth);
const forOperators = of('operator');
const forNodes = of('node');

async function statusesWith(which: readonly Operation[], authorization: string) {
  const statuses: Record<string, number> = {};
  for (const { method, path } of which) {
    const body = method === 'get' ? undefined : {};
    const response = await send(method.toUpperCase(), path.replace(/\{\w+\}/g, '1'), body, {
      authorization,
    });
    statuses[`${method} ${path}`] = response.status;
  }
  return statuses;
}

const all = (which: readonly Operation[], status: number) =>
  Object.fromEntries(which.map(({ method, path }) => [`${method} ${path}`, status]));

/** A room token as a node gets it for a call: signed with the key that operators' tokens are signed with. */
async function roomToken(): Promise<string> {
  await putRouting({
    trunks: [{ sip_trunk_id: 'ST_open', numbers: ['+15550100'] }],
    rules: [{ rule: { dispatch_rule_direct: { room_name: 'lobby' } } }],
  });
  const decision = await decide();
  if (decision.kind !== 'join') throw new Error(`expected a room, got ${decision.kind}`);
  return decision.room.token;
}

describe('a stolen node token', () => {
  it('opens no operation of an operator: no routing, no calls, no other node, no webhook', async () => {
    expect(forOperators.length).toBeGreaterThan(10);
    expect(await statusesWith(forOperators, `Bearer ${testNodeToken}`)).toEqual(
      all(forOperators, 401),
    );
  });
});

describe('a stolen room token', () => {
  it('opens no operation at all, though it is signed with the key of operators', async () => {
    const authorization = `Bearer ${await roomToken()}`;
    expect(await statusesWith(forOperators, authorization)).toEqual(all(forOperators, 403));
    expect(await statusesWith(forNodes, authorization)).toEqual(all(forNodes, 401));
  });
});

describe("an operator's token", () => {
  it('is none of a node: it cannot ask for the room of a call, nor write records', async () => {
    expect(forNodes.length).toBeGreaterThan(3);
    const authorization = await apiAuthorization({ admin: true });
    expect(await statusesWith(forNodes, authorization)).toEqual(all(forNodes, 401));
  });

  it.each([
    ['without the grant', () => apiAuthorization(null), 403],
    ['that may only make calls', () => apiAuthorization({ call: true }), 403],
    ['of another secret', () => apiAuthorization({ admin: true }, { secret: 'x'.repeat(40) }), 401],
    ['that has expired', () => apiAuthorization({ admin: true }, { ttl: '-1m' }), 401],
  ])('%s opens nothing', async (_what, authorization, status) => {
    const statuses = await statusesWith(forOperators, await authorization());
    expect(statuses).toEqual(all(forOperators, status));
  });
});
