import { describe, expect, it } from 'vitest';
import { answerDigest } from './digest-answer.ts';

// RFC 7616 §3.9.1, with its own user, nonce and cnonce.
const example = {
  method: 'GET',
  uri: '/dir/index.html',
  user: 'Mufasa',
  password: 'Circle of Life',
};
const challenge = (algorithm: string) =>
  `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`;
const cnonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';

describe('the answer to a digest challenge', () => {
  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('is the one of RFC 7616 §3.9.1 for %s', (algorithm, response) => {
    const answer = answerDigest({ ...example, challenges: [challenge(algorithm)] }, cnonce);
    expect(answer).toContain(`response="${response}"`);
    expect(answer).toContain('opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"');
    expect(answer).toContain('qop=auth, nc=00000001');
  });

  it('takes the strongest algorithm that is offered', () => {
    const challenges = [challenge('MD5'), challenge('SHA-256'), challenge('SHA-3')];
    expect(answerDigest({ ...example, challenges })).toContain('algorithm=SHA-256');
  });

  it('leaves qop out where none is offered (RFC 2069)', () => {
    const answer = answerDigest({ ...example, challenges: ['Digest realm="r", nonce="n"'] });
    expect(answer).toContain('algorithm=MD5');
    expect(answer).not.toContain('qop');
  });

  it('is none when nothing offered is known', () => {
    expect(
      answerDigest({ ...example, challenges: ['Basic realm="r"', challenge('X')] }),
    ).toBeNull();
  });
});
