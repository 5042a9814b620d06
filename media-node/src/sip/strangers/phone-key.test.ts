import { expect, it } from 'vitest';
import { requestText } from '../scripted-peer.fake.ts';
import { readMessage } from '../wire/read-message.ts';
import { phoneKey } from './phone-key.ts';

function keyOf(headers: Readonly<Record<string, string>>): string {
  const usual = { 'User-Agent': 'desk phone', Contact: '<sip:alice@10.0.0.5:5060>' };
  const text = requestText({ headers: { ...usual, ...headers } });
  const reading = readMessage(Buffer.from(text, 'latin1'));
  if (reading.kind !== 'message' || reading.message.kind !== 'request')
    throw new Error('no request');
  return phoneKey(reading.message);
}
const via = (...hosts: string[]) =>
  hosts.map((host) => `SIP/2.0/UDP ${host};branch=z9hG4bK1`).join(', ');

it.each([
  ['the ports that a NAT or TCP gave it', { Contact: '<sip:alice@10.0.0.5:40001;transport=tcp>' }],
  ['its user part', { Contact: '<sip:bob@10.0.0.5:5060>' }],
])('a phone is the same with %s changed', (_what, headers) => {
  expect(keyOf(headers)).toBe(keyOf({}));
});

it.each([
  ['another host of its own', { Contact: '<sip:alice@10.0.0.6:5060>' }],
  ['another program', { 'User-Agent': 'scanner' }],
  ['no Contact that can be read', { Contact: 'nonsense' }],
])('a phone with %s is another', (_what, headers) => {
  expect(keyOf(headers)).not.toBe(keyOf({}));
});

it('behind proxies it is told by the Via that it wrote itself', () => {
  const [one, other] = [via('192.0.2.9', '10.0.0.5'), via('192.0.2.9', '10.0.0.6')];
  expect(keyOf({ Via: one })).not.toBe(keyOf({ Via: other }));
  expect(keyOf({ Via: via('192.0.2.10', '10.0.0.5:5066') })).toBe(keyOf({ Via: one }));
});
