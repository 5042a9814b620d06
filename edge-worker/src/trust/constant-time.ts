/** Comparing secrets without telling by time how much of them was right. */
import { createHash, timingSafeEqual } from 'node:crypto';

const encoder = new TextEncoder();

/**
 * Whether what was sent is the secret. How long it takes tells the length of `sent` at most: what has another length than the secret is compared with itself.
 * Nothing is hashed: an offer compares up to five times.
 */
export function isSameText(secret: string, sent: string): boolean {
  const ours = encoder.encode(secret);
  const theirs = encoder.encode(sent);
  const isSameLength = ours.length === theirs.length;
  return timingSafeEqual(isSameLength ? ours : theirs, theirs) && isSameLength;
}

/** SHA-256 of a text's UTF-8, lower-case hex. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
