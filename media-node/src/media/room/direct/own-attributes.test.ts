import { describe, expect, it } from 'vitest';
import { OwnAttributes } from './own-attributes.ts';

describe('attributes of our participant', () => {
  it('are kept until the server tells that it has them', () => {
    const attributes = new OwnAttributes();
    attributes.set({ 'sip.callStatus': 'ringing' });
    attributes.set({ other: 'x' });
    expect(attributes.unconfirmed).toEqual({ 'sip.callStatus': 'ringing', other: 'x' });
    attributes.confirm({ 'sip.callStatus': 'ringing', 'sip.trunkID': 'ST_1' });
    expect(attributes.unconfirmed).toEqual({ other: 'x' });
    attributes.confirm({ 'sip.callStatus': 'ringing', other: 'x' });
    expect(attributes.unconfirmed).toBeNull();
  });

  it('are not confirmed by what the server had before', () => {
    const attributes = new OwnAttributes();
    attributes.set({ 'sip.callStatus': 'ringing' });
    attributes.set({ 'sip.callStatus': 'active' });
    attributes.confirm({ 'sip.callStatus': 'ringing' });
    expect(attributes.unconfirmed).toEqual({ 'sip.callStatus': 'active' });
  });

  it('that are no longer kept back may be changed by others', () => {
    const attributes = new OwnAttributes();
    attributes.set({ shared: 'ours' });
    attributes.confirm({ shared: 'ours' });
    attributes.confirm({ shared: 'theirs' });
    expect(attributes.unconfirmed).toBeNull();
  });

  it('that are taken away are confirmed by their absence', () => {
    const attributes = new OwnAttributes();
    attributes.set({ own: '' });
    attributes.confirm({ own: 'x' });
    expect(attributes.unconfirmed).toEqual({ own: '' });
    attributes.confirm({});
    expect(attributes.unconfirmed).toBeNull();
  });

  it('named like parts of every object are attributes like others', () => {
    const attributes = new OwnAttributes();
    attributes.set({ constructor: 'x' });
    attributes.confirm({});
    expect(attributes.unconfirmed).toEqual({ constructor: 'x' });
  });
});
