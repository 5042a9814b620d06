import { describe, expect, it } from 'vitest';
import { holdsAddress, parseAddressList } from './address-list.ts';
import { parseIpAddress } from './ip-address.ts';

describe('allowed_addresses', () => {
  it('lets everybody in when the list is empty, an unknown source too', () => {
    expect(holdsAddress(parseAddressList([]), null)).toBe(true);
  });

  it('lets nobody in when no entry is valid', () => {
    const list = parseAddressList(['10.0.0.1,10.0.0.2']);
    expect(holdsAddress(list, parseIpAddress('10.0.0.1'))).toBe(false);
  });

  it('lets a source that is no address in nowhere where addresses are named', () => {
    expect(holdsAddress(parseAddressList(['0.0.0.0/0', '::/0']), null)).toBe(false);
  });

  it('names the entries that are no addresses', () => {
    const list = parseAddressList(['10.0.0.1', 'sip.example.com', '10.0.0.0/33']);
    expect(list.invalid).toEqual(['sip.example.com', '10.0.0.0/33']);
  });
});
