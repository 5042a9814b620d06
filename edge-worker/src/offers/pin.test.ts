import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { type Decision, decision as decisionSchema } from '@callgate/shared/contract/decision.ts';
import { contractVersion } from '@callgate/shared/contract/version.ts';
import { pinLimits } from '@callgate/shared/limits.ts';
import { TokenVerifier } from 'livekit-server-sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { testApiKey, testApiSecret } from '../../testdata/bindings.ts';
import { decide } from '../../testdata/phone.ts';
import { asNode, putRouting, send } from '../../testdata/requests.ts';
import { systemClock } from '../clock.ts';
import { RoutingReader } from '../routing/read/routing-reader.ts';
import { decidePin } from './decide-pin.ts';
import { lockoutOf } from './pin-lockout.ts';

const trunk = (id: string) => ({
  sip_trunk_id: id,
  numbers: ['+15550100'],
  headers_to_attributes: { 'X-Ticket': 'ticket' },
});
const room = (name: string, pin: string) => ({
  sip_dispatch_rule_id: `SDR_${name}`,
  rule: { dispatch_rule_direct: { room_name: name, pin } },
});
const callId = 'SCL_4xYpQ2mNkT7w';

async function keyIn(decision: Decision, digits: string, id = callId): Promise<Decision> {
  if (decision.kind !== 'ask-pin') throw new Error(`expected ask-pin, got ${decision.kind}`);
  const body = { contract: 1, ticket: decision.ticket, digits };
  const response = await asNode('POST', `/v1/offers/${id}/pin`, body);
  if (response.status !== 200) throw new Error(await response.text());
  return decisionSchema.parse(await response.json());
}

/** Wrong PINs are counted by trunk: each test has a trunk of its own. */
let trunks = 0;
let revision = 0;
beforeEach(async () => {
  trunks += 1;
  ({ revision } = await putRouting({
    trunks: [trunk(`ST_${trunks}`)],
    rules: [room('red', '1234'), room('blue', '77*a')],
  }));
});
const ask = () => decide({ min_revision: revision });

describe('a PIN', () => {
  it('is asked for with three attempts', async () => {
    expect(decisionSchema.parse(await ask())).toMatchObject({ kind: 'ask-pin', attempts_left: 3 });
  });

  it.each([
    ['1234', 'red'],
    ['77*a', 'blue'],
  ])('%s leads to its own room, answered already', async (digits, name) => {
    const decision = await keyIn(await ask(), digits);
    expect(decision).toMatchObject({ kind: 'join', room: { name }, trunk_id: `ST_${trunks}` });
    const token = decision.kind === 'join' ? decision.room.token : '';
    const claims = await new TokenVerifier(testApiKey, testApiSecret).verify(token);
    expect(claims.attributes).toMatchObject({
      'sip.callStatus': 'active',
      'sip.callTag': 'a73kszlfl',
      'sip.ruleID': `SDR_${name}`,
      ticket: '4711',
    });
  });

  it('that is wrong costs an attempt, and the third ends the call', async () => {
    const second = await keyIn(await ask(), '0000');
    expect(second).toMatchObject({ kind: 'ask-pin', attempts_left: 2 });
    const third = await keyIn(second, '0001');
    expect(third).toMatchObject({ kind: 'ask-pin', attempts_left: 1 });
    expect(await keyIn(third, '0002')).toMatchObject({ kind: 'refuse', reason: 'wrong-pin' });
    expect(await keyIn(third, '1234')).toMatchObject({ kind: 'join' });
  });

  it('left out with # leads to a rule without PIN, and nowhere when there is none', async () => {
    expect(await keyIn(await ask(), '')).toMatchObject({ kind: 'ask-pin', attempts_left: 2 });
    const rules = [room('red', '1234'), room('lobby', '')];
    ({ revision } = await putRouting({ trunks: [trunk(`ST_${trunks}`)], rules }));
    expect(await keyIn(await ask(), '')).toMatchObject({ kind: 'join', room: { name: 'lobby' } });
  });

  it('of a rule made a moment ago is right', async () => {
    const asked = await ask();
    expect(await keyIn(asked, '4321')).toMatchObject({ kind: 'ask-pin' });
    await putRouting({
      trunks: [trunk(`ST_${trunks}`)],
      rules: [room('red', '1234'), room('green', '4321')],
    });
    expect(await keyIn(asked, '4321')).toMatchObject({ kind: 'join', room: { name: 'green' } });
  });

  it('guessed too often locks the caller out, even with the right PIN', async () => {
    for (let wrong = 0; wrong < pinLimits.wrongPerCallerMax; wrong += 1)
      await keyIn(await ask(), '9999');
    expect(await keyIn(await ask(), '1234')).toMatchObject({ kind: 'refuse', reason: 'wrong-pin' });
    const other = await decide({
      min_revision: revision,
      from: { user: '+15550177', host: 'x', tag: 't' },
    });
    expect(await keyIn(other, '1234')).toMatchObject({ kind: 'join' });
  });

  it('is no better guessed on many calls at once: what was wrong meanwhile counts', async () => {
    const asked = await ask();
    const ticket = asked.kind === 'ask-pin' ? asked.ticket : '';
    const real = new RoutingReader(systemClock);
    const guesser = {
      trunkId: `ST_${trunks}`,
      call: { fromUser: '+15550199', source: '203.0.113.7' },
    };
    // The other calls are judged while this one reads the routing.
    const reader: Pick<RoutingReader, 'view' | 'newerThan'> = {
      newerThan: (...question) => real.newerThan(...question),
      view: async (...question) => {
        for (let wrong = 0; wrong < pinLimits.wrongPerCallerMax; wrong += 1)
          await lockoutOf(env, guesser).addWrong(guesser);
        return real.view(...question);
      },
    };
    const answer = { contract: contractVersion, ticket, digits: '1234' } as const;
    const { decision } = await decidePin(callId, answer, { env, clock: systemClock, reader });
    expect(decision).toMatchObject({ kind: 'refuse', reason: 'wrong-pin' });
  });

  it('that forged callers get wrong fills no store: the oldest are forgotten, now and then', async () => {
    const { lockoutRowsMax, lockoutBeyondMax } = pinLimits;
    await runInDurableObject(
      lockoutOf(env, { trunkId: `ST_${trunks}` }),
      async (object, { storage }) => {
        const count = () =>
          storage.sql.exec<{ n: number }>('SELECT count(*) AS n FROM wrong').one().n;
        storage.sql.exec(
          `INSERT INTO wrong WITH RECURSIVE one (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM one WHERE n < ?1)
           SELECT 'forged ' || n, 1, ?2 + n FROM one`,
          lockoutRowsMax + lockoutBeyondMax,
          Date.now() + 600_000,
        );
        const guesser = (n: number) => ({
          trunkId: `ST_${trunks}`,
          call: { fromUser: `+1${n}`, source: '203.0.113.7' },
        });
        await object.addWrong(guesser(0));
        expect(count()).toBe(lockoutRowsMax);
        await object.addWrong(guesser(1));
        expect(count()).toBe(lockoutRowsMax + 1);
        for (let n = 2; n <= lockoutBeyondMax; n += 1) await object.addWrong(guesser(n));
        expect(count()).toBeLessThanOrEqual(lockoutRowsMax + lockoutBeyondMax);
        expect(await object.isLocked(guesser(0))).toBe(true);
      },
    );
  });

  it('that is mistaken now and then, over a day, locks nobody out', async () => {
    const { wrongPerCallerMax, lockoutMs } = pinLimits;
    const lockout = lockoutOf(env, { trunkId: `ST_${trunks}` });
    const startMs = Date.now();
    const at = (now: number) =>
      runInDurableObject(lockout, (object) => {
        object.clock = { now: () => now };
      });
    for (let wrong = 0; wrong < 3 * wrongPerCallerMax; wrong += 1) {
      await at(startMs + (wrong * lockoutMs) / (wrongPerCallerMax - 2));
      expect((await keyIn(await ask(), '9999')).kind).toBe('ask-pin');
    }
    expect(await keyIn(await ask(), '1234')).toMatchObject({ kind: 'join' });
    await runInDurableObject(lockout, (object) => {
      object.clock = systemClock;
    });
  });

  it('is never in an answer', async () => {
    const asked = await ask();
    const answers = [asked, await keyIn(asked, '9876'), await keyIn(asked, '1234')];
    expect(
      JSON.stringify(answers.map((answer) => ({ ...answer, ticket: '', room: '' }))),
    ).not.toMatch(/1234|9876/);
  });
});

describe('the ticket of a PIN', () => {
  const post = (id: string, body: unknown) => asNode('POST', `/v1/offers/${id}/pin`, body);

  it('opens for its own call only', async () => {
    const asked = await ask();
    const ticket = asked.kind === 'ask-pin' ? asked.ticket : '';
    const response = await post('SCL_aaaaaaaaaaaa', { contract: 1, ticket, digits: '1234' });
    expect(await response.json()).toMatchObject({ status: 400, code: 'bad-field' });
  });

  it.each(['', 'v1.forged', 'A'.repeat(60_000)])(
    'is refused when it is not ours',
    async (ticket) => {
      expect((await post(callId, { contract: 1, ticket, digits: '1' })).status).toBe(400);
    },
  );

  it.each(['12345678901234567', '12#', 'ABC', 'xyz'])(
    'is refused with the digits %s',
    async (digits) => {
      const response = await post(callId, { contract: 1, ticket: 'x', digits });
      const problem = (await response.json()) as { detail: string };
      expect(response.status).toBe(400);
      expect(problem.detail).toContain('digits');
      expect(problem.detail).not.toContain(digits);
    },
  );

  it('is taken from nodes only', async () => {
    expect((await send('POST', `/v1/offers/${callId}/pin`, {})).status).toBe(401);
  });
});
