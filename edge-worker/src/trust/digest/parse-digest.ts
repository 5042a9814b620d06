/**
 * Reads the value of Authorization or Proxy-Authorization: `Digest` and its parameters (RFC 3261 §25.1 digest-response). One pass
 * over text of at most sipLimits.headerLineBytesMax; anything but the grammar is null, a parameter given twice too.
 */
import { readDigestParameters } from '@callgate/shared/sip/digest-parameters.ts';

export interface DigestParameters {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  readonly response: string;
  /** Upper case; absent means MD5 (RFC 7616 §3.4). */
  readonly algorithm: string;
  readonly qop: string;
  readonly cnonce: string;
  /** 8 hex digits. */
  readonly nc: string;
}

const required = [
  'username',
  'realm',
  'nonce',
  'uri',
  'response',
  'qop',
  'cnonce',
  'nc',
] as const satisfies readonly (keyof DigestParameters)[];

export function parseDigest(value: string): DigestParameters | null {
  const found = readDigestParameters(value);
  if (found === null) return null;
  const algorithm = (found.get('algorithm') ?? 'MD5').toUpperCase();
  const parameters = { algorithm } as { -readonly [K in keyof DigestParameters]: string };
  for (const name of required) {
    const text = found.get(name);
    // No qop means RFC 2069, whose answers can be replayed: not taken (RFC 7616 §3.4 makes qop mandatory).
    if (text === undefined) return null;
    parameters[name] = text;
  }
  return /^[0-9a-f]{8}$/i.test(parameters.nc) ? parameters : null;
}
