import { beforeEach, describe, expect, it } from 'vitest';
import { SecretWatch } from './secret-watch.ts';

let watch: SecretWatch;
beforeEach(() => {
  watch = new SecretWatch();
});

const found = (line: string) => {
  watch.search('node', line);
  return watch.leaks;
};

describe('a line', () => {
  it('with a secret of the run is found, and shown without it', () => {
    watch.keep('password', 'wonder+land');
    expect(found('{"why":"no wonder+land here"}')).toEqual([
      'node wrote a password: {"why":"no ███ here"}',
    ]);
  });

  it('without one is not', () => {
    watch.keep('password', 'wonderland');
    watch.keep('PIN', '834619');
    expect(found('{"trace_id":"a8346190","wonder":"land"}')).toEqual([]);
  });

  it('with a PIN on its own is found', () => {
    watch.keep('PIN', '834619');
    expect(found('{"digits":"834619"}').length).toBe(1);
  });

  it.each([
    ['JSON Web Token', 'token eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJBUEkifQ.c2lnbmF0dXJlLXNpZw'],
    ['digest answer', `response="${'0a'.repeat(16)}"`],
    ['digest answer', `{"response":"${'0a'.repeat(32)}"}`],
    ['nonce key', `"next_challenge":{"nonce_key":"${'0a'.repeat(32)}"}`],
    [
      'SRTP key',
      'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz',
    ],
    ['webhook secret', `whsec_${'A'.repeat(32)}`],
    ['private key', '-----BEGIN EC PRIVATE KEY-----'],
    ['bearer token', 'authorization: Bearer abcdefghijklmnop'],
  ])('with a %s is found by its shape', (name, line) => {
    expect(found(line)).toEqual([expect.stringContaining(`node wrote a ${name}: `)]);
  });

  it('cannot be searched for a secret that is no longer than a word', () => {
    expect(() => watch.keep('password', 'wrong')).toThrow(
      'password: expected at least 6 characters',
    );
  });
});
