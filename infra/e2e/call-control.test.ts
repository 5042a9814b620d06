/** Calls that are up in the hands of their application: ended and transferred, by LiveKit's SDK, by an agent in the room and by the edge's own API. */
import { TransferSIPParticipantRequest, TransferSIPParticipantResponse } from '@livekit/protocol';
import { SipCallError } from 'livekit-server-sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../agent/agent.ts';
import type { PhoneCall } from '../phone/phone-call.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { apiToken, asOperator } from './operator.ts';
import {
  agentIn,
  agentToneHz,
  dial,
  dialUntilAnswered,
  hearsTone,
  pause,
  toneAtTheEnd,
} from './phone-calls.ts';
import {
  deskRoom,
  eventually,
  isNodeIdle,
  numbers,
  type RoutedStack,
  startRoutedStack,
} from './routed-stack.ts';

const [number = '', quiet = ''] = numbers;
const room = deskRoom(number);
/** Of most of Europe (ITU-T E.180): a second of it, then four of silence. */
const ringToneHz = 425;
const target = 'sip:+15550777@pbx.example.com';

let stack: RoutedStack;
let phone: SipPhone;
let agent: Agent;
let call: PhoneCall;

beforeAll(async () => {
  stack = await startRoutedStack();
  phone = await SipPhone.open('127.0.0.2');
  agent = await agentIn(stack, number);
  // The trunk sends an attribute of the participant and a header of its own along.
  const { body } = await asOperator(stack, 'GET', '/v1/routing');
  const [trunk] = (body as { trunks: { sip_trunk_id: string }[] }).trunks;
  const change = {
    headers: { 'X-Desk': 'support' },
    attributes_to_headers: { ticket: 'X-Ticket' },
  };
  const patched = await asOperator(stack, 'PATCH', '/v1/routing', {
    trunks: { [trunk?.sip_trunk_id ?? '']: change },
  });
  expect([patched.status, patched.body]).toMatchObject([200, {}]);
});
afterEach(async () => {
  await eventually('the node is idle', () => isNodeIdle(stack));
});
afterAll(async () => {
  await agent?.leave();
  phone?.close();
  await stack?.stop();
});

async function callUp(refers?: { answer: number; notify?: number }): Promise<string> {
  call = await dialUntilAnswered(stack, phone, number, refers === undefined ? {} : { refers });
  await eventually('the participant is seen', () => agent.others.length === 1);
  await eventually('the call is acknowledged', () => call.packets.received > 2);
  return agent.others[0] ?? '';
}

const callId = () => String(stack.nodeEvents('call-offered').at(-1)?.['call_id']);
/** The call that was up has ended for this reason. */
const endsWith = (reason: string) =>
  eventually(`the call has ended: ${reason}`, () => {
    const last = stack.nodeEvents('call-ended').at(-1);
    return last?.['reason'] === reason && last['call_id'] === callId();
  });
/** Of the last such request that the phone has had. */
const headersOf = (method: string) => {
  const request = call.requests.findLast((one) => one.method === method);
  return Object.fromEntries(
    ['refer-to', 'x-why', 'x-desk', 'x-ticket'].map((name) => [name, request?.fields.first(name)]),
  );
};

describe('a call is ended', () => {
  it('by POST /v1/calls/{id}/hangup: BYE with headers of its own, and like a REFER of the trunk and the participant', async () => {
    const identity = await callUp({ answer: 405 });
    await stack.rooms.updateParticipant(room, identity, { attributes: { ticket: '4711' } });
    // A REFER that the phone refuses leaves the call as it is, and shows what the node has heard of.
    await eventually('a REFER carries the attribute', async () => {
      await stack.sip.transferSipParticipant(room, identity, target).catch(() => {});
      return headersOf('REFER')['x-ticket'] === '4711';
    });
    expect(headersOf('REFER')).toMatchObject({ 'refer-to': `<${target}>`, 'x-desk': 'support' });
    const path = `/v1/calls/${callId()}/hangup`;
    expect((await asOperator(stack, 'POST', path, { headers: { 'X-Why': 'done' } })).status).toBe(
      200,
    );
    expect(await call.ended).toBe('node');
    expect(headersOf('BYE')).toMatchObject({
      'x-why': 'done',
      'x-desk': 'support',
      'x-ticket': '4711',
    });
    await endsWith('application-hung-up');
    await eventually(
      'it is known no more',
      async () => (await asOperator(stack, 'POST', path)).status === 404,
    );
  });

  it('while it rings: 486', async () => {
    const ringing = await dial(stack, phone, quiet);
    await eventually('it rings', () => ringing.timeline.at('180 Ringing') !== null);
    await eventually('the edge knows it', async () => {
      return (await asOperator(stack, 'POST', `/v1/calls/${callId()}/hangup`)).status === 200;
    });
    expect(await ringing.answer).toMatchObject({ kind: 'refused', status: 486 });
  });

  it('by an agent with lk.sip.EndCall, which is answered first', async () => {
    const identity = await callUp();
    const told = await agent.ask(identity, 'lk.sip.GetRemoteHeaders', '{"include":["user-agent"]}');
    expect(JSON.parse(told)).toEqual({ headers: { 'User-Agent': 'Callgate test phone' } });
    const request = JSON.stringify({ headers: { 'X-Why': 'goodbye' } });
    expect(await agent.ask(identity, 'lk.sip.EndCall', request)).toBe('{}');
    expect(await call.ended).toBe('node');
    expect(headersOf('BYE')).toMatchObject({ 'x-why': 'goodbye' });
    await endsWith('application-hung-up');
  });

  it.each([
    ['by removing its participant', 'participant-removed'],
    ['by deleting its room', 'room-deleted'],
  ])('%s', async (_how, reason) => {
    const identity = await callUp();
    if (reason === 'room-deleted') await stack.rooms.deleteRoom(room);
    else await stack.rooms.removeParticipant(room, identity);
    expect(await call.ended).toBe('node');
    if (reason === 'room-deleted') agent = await agentIn(stack, number);
    await endsWith(reason);
  });
});

describe('a call is transferred', () => {
  it('by TransferSIPParticipant of the SDK: REFER with headers, and BYE when the new call is up', async () => {
    const identity = await callUp({ answer: 202, notify: 200 });
    await stack.sip.transferSipParticipant(room, identity, target, {
      headers: { 'X-Why': 'sales' },
      playDialtone: true,
    });
    expect(headersOf('REFER')).toMatchObject({
      'refer-to': `<${target}>`,
      'x-why': 'sales',
      'x-desk': 'support',
    });
    expect(await call.ended).toBe('node');
    await endsWith('transferred');
  });

  it('while the caller hears the ring tone and not the room', async () => {
    const identity = await callUp({ answer: 202 });
    const heard = (frequencyHz: number) => toneAtTheEnd(call.heard(), frequencyHz, 600);
    await eventually('the caller hears the agent', () => heard(agentToneHz) > 500);
    const transfer = stack.sip.transferSipParticipant(room, identity, target, {
      playDialtone: true,
    });
    await eventually('the caller hears it ring', () => heard(ringToneHz) > 400, 30_000);
    await eventually('and no longer the agent', () => heard(agentToneHz) === 0, 30_000);
    call.hangUp();
    await transfer;
    await call.ended;
    await endsWith('transferred');
  });

  it('not when the target refuses: an error with the SIP status, and the call goes on', async () => {
    const identity = await callUp({ answer: 202, notify: 486 });
    const failed = stack.sip.transferSipParticipant(room, identity, target, { playDialtone: true });
    const error = await failed.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SipCallError);
    expect(error).toMatchObject({
      code: 'resource_exhausted',
      sipStatusCode: 486,
      sipStatus: 'Busy Here',
    });
    await hearsTone(() => call.heard(), agentToneHz);
    call.hangUp();
    await call.ended;
    await endsWith('caller-hung-up');
  });

  it('in protobuf, not when the phone knows no REFER; and it can be tried again', async () => {
    const identity = await callUp({ answer: 405 });
    const token = await apiToken(stack, {
      sip: { call: true },
      video: { roomAdmin: true, room },
    });
    const ask = async () => {
      const response = await fetch(`${stack.edge.url}/twirp/livekit.SIP/TransferSIPParticipant`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/protobuf' },
        body: new TransferSIPParticipantRequest({
          roomName: room,
          participantIdentity: identity,
          transferTo: 'tel:+15550777',
        }).toBinary(),
      });
      return (await response.json()) as { code: string; meta: Record<string, string> };
    };
    for (const answer of [await ask(), await ask()])
      expect(answer).toMatchObject({ code: 'invalid_argument', meta: { sip_status_code: '405' } });
    call.hangUp();
    await call.ended;
  });

  it('in protobuf with a transfer id and a status, also when the phone hangs up by itself', async () => {
    const identity = await callUp({ answer: 202 });
    const token = await apiToken(stack, { sip: { call: true }, video: { roomAdmin: true, room } });
    const asking = fetch(`${stack.edge.url}/twirp/livekit.SIP/TransferSIPParticipant`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/protobuf' },
      body: new TransferSIPParticipantRequest({
        roomName: room,
        participantIdentity: identity,
        transferTo: target,
      }).toBinary(),
    });
    await eventually('the REFER has come', () =>
      call.requests.some(({ method }) => method === 'REFER'),
    );
    await pause(200);
    call.hangUp();
    const bytes = new Uint8Array(await (await asking).arrayBuffer());
    const { transferId, status, sipStatus } = TransferSIPParticipantResponse.fromBinary(bytes);
    expect(transferId).toMatch(/^STR_.{12}$/);
    expect([status, sipStatus?.code]).toEqual([2, 200]);
    await call.ended;
    await endsWith('transferred');
  });

  it('not by a token for another room, nor somebody who is not there', async () => {
    const nobody = stack.sip.transferSipParticipant(room, 'nobody', target);
    await expect(nobody).rejects.toMatchObject({ code: 'not_found' });
    const other = stack.sip.transferSipParticipant(room, 'agent', target);
    await expect(other).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('no SIP session associated with participant'),
    });
    const body = { room_name: room, participant_identity: 'agent', transfer_to: target };
    const token = await apiToken(stack, {
      sip: { call: true },
      video: { roomAdmin: true, room: 'x' },
    });
    const response = await fetch(`${stack.edge.url}/twirp/livekit.SIP/TransferSIPParticipant`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect([response.status, await response.json()]).toEqual([
      401,
      { code: 'unauthenticated', msg: 'permissions denied' },
    ]);
  });
});
