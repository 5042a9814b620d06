/**
 * The answer to a digest challenge (RFC 7616 §3.4, RFC 8760): of the challenges offered the strongest algorithm that we know, with
 * qop=auth where it is offered.
 */
import { createHash, randomBytes } from 'node:crypto';

export interface DigestQuestion {
  /** Every value of WWW-Authenticate or Proxy-Authenticate. */
  readonly challenges: readonly string[];
  readonly method: string;
  /** Request-URI of the request that will carry the answer. */
  readonly uri: string;
  readonly user: string;
  readonly password: string;
}

const hashes = new Map([
  ['SHA-512-256', 'sha512-256'],
  ['SHA-256', 'sha256'],
  ['MD5', 'md5'],
]);

/** Value of Authorization or Proxy-Authorization; null when no challenge is one that we can answer. */
export function answerDigest(question: DigestQuestion, cnonce = randomBytes(8).toString('hex')) {
  const known = question.challenges.map(readChallenge).filter((one) => one !== null);
  const strongest = [...hashes.keys()]
    .map((algorithm) => known.find((one) => algorithmOf(one) === algorithm))
    .find((one) => one !== undefined);
  return strongest === undefined ? null : write(question, strongest, cnonce);
}

type Challenge = ReadonlyMap<string, string>;

function write(question: DigestQuestion, challenge: Challenge, cnonce: string): string {
  const { user, password, method, uri } = question;
  const algorithm = algorithmOf(challenge);
  const hash = (text: string) =>
    createHash(hashes.get(algorithm) ?? 'md5')
      .update(text)
      .digest('hex');
  const realm = challenge.get('realm') ?? '';
  const nonce = challenge.get('nonce') ?? '';
  const hasQop = (challenge.get('qop') ?? '').split(/[ ,]+/).includes('auth');
  const count = '00000001';
  const ha1 = hash(`${user}:${realm}:${password}`);
  const ha2 = hash(`${method}:${uri}`);
  const response = hasQop
    ? hash(`${ha1}:${nonce}:${count}:${cnonce}:auth:${ha2}`)
    : hash(`${ha1}:${nonce}:${ha2}`);
  const opaque = challenge.get('opaque');
  return [
    `Digest username="${user}"`,
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    `uri="${uri}"`,
    `response="${response}"`,
    `algorithm=${algorithm}`,
    ...(hasQop ? ['qop=auth', `nc=${count}`, `cnonce="${cnonce}"`] : []),
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
  ].join(', ');
}

function algorithmOf(challenge: Challenge): string {
  return (challenge.get('algorithm') ?? 'MD5').toUpperCase();
}

/** Parameters of one challenge, names in lower case, quotes undone; null when it is no Digest challenge. */
function readChallenge(text: string): Challenge | null {
  if (!/^Digest\s/i.test(text)) return null;
  const pairs = text.slice(6).matchAll(/([a-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/gi);
  return new Map(
    [...pairs].map(([, name = '', quoted, plain]) => [
      name.toLowerCase(),
      quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '',
    ]),
  );
}
