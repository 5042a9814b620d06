import { describe, expect, it } from 'vitest';
import { replyToRoom } from './room-requests.ts';

const invite = [
  { name: 'Via', value: 'SIP/2.0/UDP 192.0.2.1' },
  { name: 'X-Ticket', value: '4711' },
  { name: 'X-Mood', value: 'good' },
  { name: 'User-Agent', value: 'phone' },
  { name: 'Content-Type', value: 'application/sdp' },
];
const ask = (method: 'lk.sip.EndCall' | 'lk.sip.GetRemoteHeaders', payload: string) =>
  replyToRoom({ id: '1', caller: 'agent', method, payload }, invite);

describe('a request of the room', () => {
  it.each([
    ['', {}],
    ['{}', {}],
    ['{"headers":{"X-Why":"done"}}', { 'X-Why': 'done' }],
  ])('lk.sip.EndCall with %j ends the call', (payload, headers) => {
    expect(ask('lk.sip.EndCall', payload)).toEqual({
      answer: { payload: '{}' },
      hangUpWith: headers,
    });
  });

  it.each(['x', '[]', '{"headers":{"X":1}}', `{"headers":{"X":"${'x'.repeat(2_000)}"}}`])(
    'lk.sip.EndCall with %j is an error, and the call goes on',
    (payload) => {
      expect(ask('lk.sip.EndCall', payload)).toMatchObject({
        answer: { code: 1_500 },
        hangUpWith: null,
      });
    },
  );

  it.each([
    ['', { 'X-Ticket': '4711', 'X-Mood': 'good', 'User-Agent': 'phone' }],
    ['{"include":["x-ticket","via"]}', { 'X-Ticket': '4711' }],
    ['{"exclude":["X-MOOD"]}', { 'X-Ticket': '4711', 'User-Agent': 'phone' }],
  ])('lk.sip.GetRemoteHeaders with %j tells headers of the INVITE', (payload, headers) => {
    const { answer, hangUpWith } = ask('lk.sip.GetRemoteHeaders', payload);
    expect(JSON.parse('payload' in answer ? answer.payload : '')).toEqual({ headers });
    expect(hangUpWith).toBeNull();
  });
});
