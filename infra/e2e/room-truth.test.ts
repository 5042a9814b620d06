/** What the room knows of a caller, and the caller of the room: attributes, headers and status, with LiveKit's own client on both ends. */
import { SIPHeaderOptions } from '@livekit/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PhoneCall } from '../phone/phone-call.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { agentIn, dial } from './phone-calls.ts';
import {
  caller,
  deskRoom,
  eventually,
  type RoutedStack,
  startRoutedStack,
} from './routed-stack.ts';

const number = '+15550800';
const hidden = '+15550801';
let stack: RoutedStack;
let phone: SipPhone;

beforeAll(async () => {
  stack = await startRoutedStack({ departureTimeoutS: 1 });
  const account = { authUsername: caller.user, authPassword: caller.password };
  const trunk = await stack.sip.createSipInboundTrunk('mapped', [number], {
    ...account,
    headers: { 'X-Served-By': 'callgate' },
    headersToAttributes: { 'X-Customer': 'customer' },
    includeHeaders: SIPHeaderOptions.SIP_X_HEADERS,
  });
  // The client's shorthand has no word for it.
  trunk.attributesToHeaders = { ticket: 'X-Ticket', customer: 'X-Customer-Echo' };
  await stack.sip.updateSipInboundTrunk(trunk.sipTrunkId, trunk);
  await stack.sip.createSipDispatchRule(
    { type: 'callee', roomPrefix: 'desk', pin: '', randomize: false },
    { name: 'mapped', trunkIds: [trunk.sipTrunkId], attributes: { tier: 'gold' } },
  );
  const other = await stack.sip.createSipInboundTrunk('hidden', [hidden], account);
  await stack.sip.createSipDispatchRule(
    { type: 'callee', roomPrefix: 'desk', pin: '', randomize: false },
    { name: 'hidden', trunkIds: [other.sipTrunkId], hidePhoneNumber: true },
  );
  phone = await SipPhone.open('127.0.0.2');
});
afterAll(async () => {
  phone?.close();
  await stack?.stop();
});

/** The caller as LiveKit's API shows it, once it is in the room. */
async function participant(called: string) {
  const inRoom = () => stack.rooms.listParticipants(deskRoom(called)).catch(() => []);
  await eventually('the caller is in the room', async () => (await inRoom()).length > 0);
  const [found] = await inRoom();
  if (found === undefined) throw new Error('the caller has left');
  return found;
}

const field = (fields: PhoneCall['answerFields'], name: string) => fields?.first(name) ?? null;

it('maps headers to attributes, and attributes to the headers of 200 and BYE as they are then', async () => {
  const call = await dial(stack, phone, number, {
    headers: [
      ['X-Customer', '4711'],
      ['X-Campaign', 'autumn'],
    ],
  });
  const ringing = await participant(number);
  expect(ringing).toMatchObject({ identity: 'sip_+15550199', name: 'Phone +15550199' });
  expect(ringing.attributes).toMatchObject({
    'sip.callStatus': 'ringing',
    'sip.phoneNumber': '+15550199',
    'sip.trunkPhoneNumber': number,
    'sip.hostname': expect.any(String),
    'sip.callIDFull': call.callId,
    'sip.h.x-campaign': 'autumn',
    customer: '4711',
    tier: 'gold',
  });
  const room = deskRoom(number);
  const set = (attributes: Record<string, string>) =>
    stack.rooms.updateParticipant(room, ringing.identity, { attributes });
  await set({ ticket: 'T-1' });
  const agent = await agentIn(stack, number);
  expect(await call.answer).toEqual({ kind: 'answered' });
  expect(field(call.answerFields, 'x-served-by')).toBe('callgate');
  expect(field(call.answerFields, 'x-ticket')).toBe('T-1');
  expect(field(call.answerFields, 'x-customer-echo')).toBe('4711');
  const status = async () => (await stack.rooms.getParticipant(room, ringing.identity)).attributes;
  await eventually('active', async () => (await status())['sip.callStatus'] === 'active');

  await set({ ticket: 'T-2\r\nX-Evil: 1' });
  await eventually('it is set', async () => (await status())['ticket']?.startsWith('T-2') === true);
  await set({ customer: 'changed' });
  await eventually('both are', async () => (await status())['customer'] === 'changed');
  await stack.rooms.removeParticipant(room, ringing.identity);
  expect(await call.ended).toBe('node');
  // An attribute that would make a header of its own makes none.
  expect(field(call.byeFields, 'x-ticket')).toBeNull();
  expect(field(call.byeFields, 'x-evil')).toBeNull();
  expect(field(call.byeFields, 'x-customer-echo')).toBe('changed');
  await agent.leave();
});

it('hides the caller when the rule says so', async () => {
  const call = await dial(stack, phone, hidden);
  const seen = await participant(hidden);
  expect(seen.identity).toMatch(/^sip_[0-9a-f]{16}$/);
  expect(seen.name).toBe('Phone 0199');
  for (const name of ['sip.phoneNumber', 'sip.trunkPhoneNumber', 'sip.hostname'])
    expect(seen.attributes).not.toHaveProperty([name]);
  expect(JSON.stringify(seen)).not.toContain('15550199');
  call.cancel();
  await call.answer;
});
