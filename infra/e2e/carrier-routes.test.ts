/** Carriers that do what the standard allows and few test for: strict routers, calls to two places at once, TLS on one side and UDP on the other. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../agent/agent.ts';
import { Baresip } from '../lab/baresip.ts';
import { makeCertificate } from '../lab/certificate.ts';
import { type Kamailio, type KamailioOptions, startKamailio } from '../lab/kamailio.ts';
import { type SippCallee, startSippCallee } from '../lab/sipp-callee.ts';
import { freeUdpPort } from '../local/free-port.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import {
  agentIn,
  agentToneHz,
  dialUntilAnswered,
  phoneToneSound,
  toneAtTheEnd,
} from './phone-calls.ts';
import {
  caller,
  deskRoom,
  endedFor,
  eventually,
  isNodeIdle,
  numbers,
  type RoutedStack,
  startRoutedStack,
} from './routed-stack.ts';

let stack: RoutedStack;
let phone: SipPhone;
let folder = '';
/** Where the node listens besides. */
let secondListener = '';
const agents: Agent[] = [];
const stopLater: { stop(): Promise<unknown> }[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callgate-carrier-'));
  secondListener = `127.0.0.6:${await freeUdpPort('127.0.0.6')}`;
  stack = await startRoutedStack({
    departureTimeoutS: 1,
    nodeEnvironment: { CALLGATE_SIP_ALSO_LISTEN: secondListener },
  });
  phone = await SipPhone.open('127.0.0.2');
});
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.leave();
  for (const one of stopLater.splice(0).reverse()) await one.stop();
});
afterAll(async () => {
  phone?.close();
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function carrierWith(options: Omit<KamailioOptions, 'target'>): Promise<Kamailio> {
  const carrier = await startKamailio({ target: stack.node.sip, ...options });
  stopLater.push(carrier);
  return carrier;
}

async function dialInto(number: string, carrier: Kamailio) {
  agents.push(await agentIn(stack, number));
  return await dialUntilAnswered(stack, phone, number, { through: carrier.sip });
}

describe('a carrier', () => {
  it('that is a strict router gets the BYE of the node by its own name, and passes it on', async () => {
    const [number = ''] = numbers;
    const call = await dialInto(number, await carrierWith({ isStrict: true }));
    await eventually('it is heard', () => toneAtTheEnd(call.heard(), agentToneHz, 500) > 400);
    await stack.rooms.deleteRoom(deskRoom(number));
    expect(await call.ended).toBe('node');
    await eventually('the node is idle', () => isNodeIdle(stack));
  });

  it('that sends a call by two ways to the node reaches it once: the other way is merged', async () => {
    const [, number = ''] = numbers;
    const call = await dialInto(number, await carrierWith({ forkTo: secondListener }));
    expect((await stack.nodeStats()).calls).toBe(1);
    call.hangUp();
    expect(await call.ended).toBe('phone');
    await eventually('the node is idle', () => isNodeIdle(stack));
    await eventually('the log tells of the other way', () =>
      stack.nodeEvents('sip-refused').some((line) => line['sip_status'] === 482),
    );
  });

  it('that finds another who answers first takes the call back: CANCEL, 487, nobody in the room', async () => {
    const number = '+15550460';
    const trunk = await stack.sip.createSipInboundTrunk('open', [number], {
      allowedAddresses: ['127.0.0.3/32'],
    });
    await stack.sip.createSipDispatchRule(
      { type: 'callee', roomPrefix: 'desk', pin: '', randomize: false },
      { name: 'open', trunkIds: [trunk.sipTrunkId] },
    );
    const other: SippCallee = await startSippCallee();
    stopLater.push(other);
    const carrier = await carrierWith({ forkTo: other.sip });
    await dialUntilAnswered(stack, phone, number, { through: carrier.sip });
    await endedFor(stack, 'caller-cancelled');
    await eventually('the node is idle', () => isNodeIdle(stack));
  });

  it.each(['phone', 'room'] as const)(
    'that is called over TLS and calls over UDP carries a call, and the BYE of the %s',
    async (who) => {
      const number = numbers[who === 'phone' ? 2 : 3] ?? '';
      const carrier = await carrierWith({ tls: await makeCertificate(folder, '127.0.0.3') });
      const agent = await agentIn(stack, number);
      agents.push(agent);
      const baresip = await Baresip.start({
        from: '+15550199',
        ...caller,
        codec: 'PCMU/8000/1',
        says: phoneToneSound(8_000),
      });
      stopLater.push(baresip);
      baresip.dial(number, carrier.sips ?? '', ';transport=tls');
      await eventually('the call is up', () => baresip.has('CALL_ESTABLISHED'));
      if (who === 'phone') baresip.command('hangup');
      else await stack.rooms.deleteRoom(deskRoom(number));
      await eventually('the phone knows that it is over', () => baresip.has('CALL_CLOSED'));
      await eventually('the node is idle', () => isNodeIdle(stack));
    },
  );
});
