/**
 * Strangers at the SIP port of the whole stack while calls are up: sipvicious and bounded floods. The calls keep their audio, a caller
 * who may call still gets through, and nothing of the strangers stays. How evenly packets come meanwhile, and memory, are measured by `npm run drill -- attack`.
 */
import { once } from 'node:events';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fleet } from '../drills/fleet.ts';
import { type SecureCallgate, startSecureCallgate } from '../drills/secure-callgate.ts';
import { type Attack, runAttack, sipvicious } from '../lab/attacks.ts';
import { agentToneHz, pause, toneAtTheEnd } from './phone-calls.ts';
import { eventually } from './routed-stack.ts';

/** Calls that are up while the strangers knock. */
const liveCalls = 10;

let callgate: SecureCallgate;
let fleet: Fleet;
let target: Attack['target'];

beforeAll(async () => {
  callgate = await startSecureCallgate(liveCalls, { departureTimeoutS: 1 });
  const [address = '', port = ''] = callgate.sip.split(':');
  target = { address, port: Number(port) };
  fleet = await Fleet.up(callgate, liveCalls, { isRecorded: true });
});
afterAll(async () => {
  await fleet?.hangUp();
  await fleet?.close();
  await callgate?.stop();
});

/** Runs something against the node and sees to it that every call has had its packets, and its tone, meanwhile. */
async function whileCallsSound<T>(attack: () => Promise<T>): Promise<T> {
  const before = fleet.calls.map(({ call }) => call.packets.received);
  const startedAt = performance.now();
  const result = await attack();
  const seconds = (performance.now() - startedAt) / 1_000;
  for (const [index, { call }] of fleet.calls.entries()) {
    const received = call.packets.received - (before[index] ?? 0);
    // What came while this process had no turn is not counted yet, and it speaks in the rooms itself.
    expect(received / (50 * seconds), 'share of the packets due').toBeGreaterThan(0.75);
    expect(toneAtTheEnd(call.heard(), agentToneHz, 2_000)).toBeGreaterThan(1_400);
  }
  return result;
}

describe('sipvicious', { timeout: 90_000 }, () => {
  it('svmap finds no SIP here', async () => {
    const said = await whileCallsSound(() => sipvicious('svmap', target));
    expect(said).toContain('found nothing');
  });

  it('svwar finds no extension', async () => {
    const said = await whileCallsSound(() => sipvicious('svwar', target));
    expect(said).toMatch(/found nothing|timed out/);
  });

  it('svcrack cracks nothing', async () => {
    const said = await whileCallsSound(() => sipvicious('svcrack', target));
    expect(said).toMatch(/found nothing|timed out|no working|could not/i);
  });
});

describe('floods', { timeout: 90_000 }, () => {
  it.each([
    ['INVITE', '127.0.9.1'],
    ['OPTIONS', '127.0.9.2'],
    ['noise', '127.0.9.3'],
  ] as const)(
    'of 8,000 %s: the calls keep their audio, a legitimate call gets through',
    async (what, from) => {
      const { sent, answered } = await whileCallsSound(() =>
        runAttack({ what, from, target, count: 8_000 }),
      );
      // A hundred at once and twenty a second, each with a 100 and a refusal that is resent until its ACK.
      expect(answered / sent).toBeLessThan(0.5);
      const number = callgate.numbers[liveCalls] ?? '';
      const listener = await fleet.listen(number);
      const { answer } = await fleet.tryOne(number);
      expect(answer).toEqual({ kind: 'answered' });
      await listener.leave();
    },
  );

  it('of connections that begin a message and never end it: 64 of a source are held, the calls keep their audio', async () => {
    const { answered } = await whileCallsSound(() =>
      runAttack({ what: 'half-messages', from: '127.0.9.4', target, count: 300 }),
    );
    expect(answered).toBeLessThanOrEqual(64);
  });

  it('of TLS handshakes that stall: 32 of a source are held, the calls keep their audio, a phone gets through', async () => {
    const attack = whileCallsSound(() =>
      runAttack({
        what: 'half-handshakes',
        from: '127.0.9.5',
        target: callgate.tls,
        count: 300,
      }),
    );
    await pause(2_000);
    const secure = connect({
      host: callgate.tls.address,
      port: callgate.tls.port,
      rejectUnauthorized: false,
    });
    await once(secure, 'secureConnect');
    // RFC 5626 §3.5.1: a ping, and its pong.
    secure.write('\r\n\r\n');
    expect(String(await once(secure, 'data'))).toBe('\r\n');
    secure.destroy();
    expect((await attack).answered).toBeLessThanOrEqual(32);
  });

  it('leave nothing behind 40 s later', async () => {
    await pause(40_000);
    await eventually('only the live calls are left', async () => {
      const { sip } = await callgate.stack.nodeStats();
      return sip.dialogs === liveCalls && sip.transactions <= liveCalls;
    });
  });
});
