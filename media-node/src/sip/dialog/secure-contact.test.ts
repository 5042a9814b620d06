/** Whoever asks for sips gets a sips Contact, and requests to it stay on TLS. RFC 3261 §12.1.1, RFC 5630. */
import { expect, it } from 'vitest';
import { FakeClock } from '../../clock.fake.ts';
import { OwnAddresses } from '../own-addresses.ts';
import { peerAddress, requestText } from '../scripted-peer.fake.ts';
import type { Flow } from '../transport/transport.ts';
import { readMessage } from '../wire/read-message.ts';
import { Dialog } from './dialog.ts';

function isSecure(uri: string, headers: Readonly<Record<string, string>> = {}): boolean {
  const reading = readMessage(Buffer.from(requestText({ uri, headers }), 'latin1'));
  if (reading.kind !== 'message' || reading.message.kind !== 'request') throw new Error('unread');
  return new Dialog(reading.message, 'b1', 1).isSecure;
}

it.each<[string, boolean, string, Readonly<Record<string, string>>]>([
  ['a sips Request-URI', true, 'sips:1@192.0.2.1', {}],
  ['a sips Contact', true, 'sip:1@192.0.2.1', { Contact: '<sips:ann@192.0.2.7>' }],
  ['a sips route on top', true, 'sip:1@192.0.2.1', { 'Record-Route': '<sips:p.example.com;lr>' }],
  [
    'a sip route on top of a sips Contact',
    false,
    'sip:1@192.0.2.1',
    { 'Record-Route': '<sip:p.example.com;lr>', Contact: '<sips:ann@192.0.2.7>' },
  ],
  ['none of them', false, 'sip:1@192.0.2.1', {}],
])('%s: %s', (_what, secure, uri, headers) => {
  expect(isSecure(uri, headers)).toBe(secure);
});

it('the Contact is a sips URI over TLS, and a sip URI where only a proxy before us speaks TLS', () => {
  const addresses = new OwnAddresses(null, new FakeClock());
  const flow = (transport: Flow['transport']): Flow => ({
    transport,
    isReliable: true,
    isOpen: true,
    local: { address: '192.0.2.1', port: 5_061 },
    remote: peerAddress,
    send: () => {},
    hold: () => () => {},
  });
  expect(addresses.contactFor(flow('tls'), true)).toBe('<sips:192.0.2.1:5061>');
  expect(addresses.contactFor(flow('tls'), false)).toBe('<sip:192.0.2.1:5061;transport=tls>');
  expect(addresses.contactFor(flow('tcp'), true)).toBe('<sip:192.0.2.1:5061;transport=tcp>');
});
