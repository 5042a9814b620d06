/**
 * SDES: SRTP keys in SDP (RFC 4568), as far as phones use it. Reading crypto attributes and writing ours. Pure; keys are secrets and never
 * appear in an error.
 */
import type { SdpMedia } from './parse-sdp.ts';

export type SrtpSuite =
  | 'AES_CM_128_HMAC_SHA1_80'
  | 'AES_CM_128_HMAC_SHA1_32'
  | 'AEAD_AES_128_GCM'
  | 'AEAD_AES_256_GCM';

/** Master key and salt of each suite together, bytes (RFC 4568 §6.2, RFC 7714 §12). */
export const srtpKeyBytes: Readonly<Record<SrtpSuite, number>> = {
  AES_CM_128_HMAC_SHA1_80: 30,
  AES_CM_128_HMAC_SHA1_32: 30,
  AEAD_AES_128_GCM: 28,
  AEAD_AES_256_GCM: 44,
};

/** One usable crypto line of an offer, theirs or ours. */
export interface CryptoOffer {
  readonly tag: string;
  readonly suite: SrtpSuite;
  /** Master key and salt. */
  readonly key: Buffer;
}

/**
 * The crypto lines of a media line that we can use, in the order of the offer. Lines with unknown suites, several keys, a master key
 * identifier or session parameters are passed over: each of them changes the packets in ways that we do not speak
 * (RFC 4568 §6.3: a line with an unknown parameter must not be taken).
 */
export function cryptoOffers(media: SdpMedia, suites: readonly SrtpSuite[]): CryptoOffer[] {
  return media.attributes
    .filter((attribute) => attribute.name === 'crypto')
    .map((attribute) => readCrypto(attribute.value, suites))
    .filter((offer) => offer !== null);
}

/** A crypto line of ours: in an answer the tag of the line we took, and our own key. RFC 4568 §5.1.2. */
export function writeCrypto({ tag, suite, key }: CryptoOffer): string {
  return `a=crypto:${tag} ${suite} inline:${key.toString('base64')}`;
}

function readCrypto(value: string, suites: readonly SrtpSuite[]): CryptoOffer | null {
  const [tag = '', name = '', keys = '', ...parameters] = value.split(/ +/);
  const suite = suites.find((one) => one === name);
  if (suite === undefined || !/^\d{1,9}$/.test(tag) || parameters.length > 0) return null;
  // inline:<key and salt>[|lifetime]; a lifetime such as 2^31 never ends within a call.
  const match = /^inline:([A-Za-z0-9+/]{1,88}={0,2})(?:\|(?:2\^)?\d{1,10})?$/.exec(keys);
  const key = Buffer.from(match?.[1] ?? '', 'base64');
  return key.length === srtpKeyBytes[suite] ? { tag, suite, key } : null;
}
