/**
 * Keys of SRTP (RFC 3711 §4.3, RFC 7714 §11): from the master key and salt of SDES to the session keys of one direction. Pure; what it
 * returns is secret.
 */
import { createCipheriv } from 'node:crypto';

export type SrtpSuite =
  | 'AES_CM_128_HMAC_SHA1_80'
  | 'AES_CM_128_HMAC_SHA1_32'
  | 'AEAD_AES_128_GCM'
  | 'AEAD_AES_256_GCM';

export interface SuiteShape {
  readonly kind: 'counter' | 'gcm';
  readonly keyBytes: number;
  readonly saltBytes: number;
  /** Of RTP; SRTCP of the counter suites always has 10 (RFC 4568 §6.2.2). */
  readonly tagBytes: number;
}

export const suiteShapes: Readonly<Record<SrtpSuite, SuiteShape>> = {
  AES_CM_128_HMAC_SHA1_80: { kind: 'counter', keyBytes: 16, saltBytes: 14, tagBytes: 10 },
  AES_CM_128_HMAC_SHA1_32: { kind: 'counter', keyBytes: 16, saltBytes: 14, tagBytes: 4 },
  AEAD_AES_128_GCM: { kind: 'gcm', keyBytes: 16, saltBytes: 12, tagBytes: 16 },
  AEAD_AES_256_GCM: { kind: 'gcm', keyBytes: 32, saltBytes: 12, tagBytes: 16 },
};

export interface SessionKeys {
  readonly cipher: Buffer;
  readonly salt: Buffer;
  /** HMAC-SHA1 key; empty with GCM. */
  readonly authentication: Buffer;
}

/** HMAC-SHA1 keys are as long as its output. */
const authenticationBytes = 20;

/**
 * @param master key and salt, one after the other, as SDES carries them
 * @throws RangeError when their length does not fit the suite
 */
export function deriveKeys(
  suite: SrtpSuite,
  master: Uint8Array,
  stream: 'rtp' | 'rtcp',
): SessionKeys {
  const { kind, keyBytes, saltBytes } = suiteShapes[suite];
  if (master.length !== keyBytes + saltBytes) {
    throw new RangeError(
      `the master key of ${suite} has ${master.length} bytes; expected ${keyBytes + saltBytes}`,
    );
  }
  const key = master.subarray(0, keyBytes);
  const salt = master.subarray(keyBytes);
  // Labels of RFC 3711 §4.3.1: cipher, authentication, salt; those of SRTCP are three further.
  const label = stream === 'rtp' ? 0 : 3;
  return {
    cipher: derive(key, salt, label, keyBytes),
    authentication:
      kind === 'gcm' ? Buffer.alloc(0) : derive(key, salt, label + 1, authenticationBytes),
    salt: derive(key, salt, label + 2, saltBytes),
  };
}

/** The key stream of AES in counter mode, from the salt with the label in it. Key derivation rate 0. */
function derive(key: Uint8Array, salt: Uint8Array, label: number, bytes: number): Buffer {
  const counter = Buffer.alloc(16);
  counter.set(salt);
  counter.writeUInt8(counter.readUInt8(7) ^ label, 7);
  const cipher = createCipheriv(`aes-${key.length * 8}-ctr`, key, counter);
  return cipher.update(Buffer.alloc(bytes));
}
