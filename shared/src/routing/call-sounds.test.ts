import { describe, expect, it } from 'vitest';
import { ownAttributesFault, soundsOf } from './call-sounds.ts';

describe('sounds of a call', () => {
  it("are the trunk's, and where the rule chooses, the rule's", () => {
    const trunk = { language: 'en', ringback: 'us' } as const;
    const rule = { 'callgate.language': 'de', 'callgate.early_media': 'music', team: 'sales' };
    expect(soundsOf(trunk, rule)).toEqual({
      language: 'de',
      ringback: 'us',
      early_media: 'music',
    });
  });

  it('are left out when nobody chooses', () => {
    expect(soundsOf({}, { team: 'sales' })).toBeUndefined();
  });

  it('do not come from an attribute that cannot be read', () => {
    expect(soundsOf({ ringback: 'us' }, { 'callgate.ringback': 'usa' })).toEqual({
      ringback: 'us',
    });
  });

  it.each<[string, string]>([
    ['callgate.language', '../etc'],
    ['callgate.ringback', 'usa'],
    ['callgate.early_media', 'loud'],
    ['callgate.colour', 'red'],
  ])('%s=%s is a fault that names the attribute', (name, value) => {
    expect(ownAttributesFault({ [name]: value })?.field).toBe(`attributes.${name}`);
  });

  it('leave other attributes alone', () => {
    expect(ownAttributesFault({ language: '../etc' })).toBeNull();
  });
});
