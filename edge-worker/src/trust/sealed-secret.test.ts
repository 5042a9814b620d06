import { describe, expect, it } from 'vitest';
import { openSecret, sealSecret } from './sealed-secret.ts';

const key = new Uint8Array(32).fill(7);

describe('sealed secret', () => {
  it('opens with the key and the context it was sealed with', () => {
    expect(openSecret(key, 'ST_a', sealSecret(key, 'ST_a', 'wonderländ'))).toBe('wonderländ');
  });

  it('never seals the same secret to the same text', () => {
    expect(sealSecret(key, 'ST_a', 'x')).not.toBe(sealSecret(key, 'ST_a', 'x'));
  });

  it('does not open in another place', () => {
    expect(() => openSecret(key, 'ST_b', sealSecret(key, 'ST_a', 'x'))).toThrow();
  });

  it('does not open with another key', () => {
    const sealed = sealSecret(key, 'ST_a', 'x');
    expect(() => openSecret(new Uint8Array(32).fill(8), 'ST_a', sealed)).toThrow();
  });

  it('does not open when altered', () => {
    const bytes = Buffer.from(sealSecret(key, 'ST_a', 'secret'), 'base64');
    bytes[15] = (bytes[15] ?? 0) ^ 1;
    expect(() => openSecret(key, 'ST_a', bytes.toString('base64'))).toThrow();
  });

  it.each(['', 'AQ==', 'AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=='])(
    'does not open %j',
    (text) => {
      expect(() => openSecret(key, 'ST_a', text)).toThrow();
    },
  );
});
