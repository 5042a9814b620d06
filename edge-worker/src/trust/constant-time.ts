/** Comparing secrets without telling by time how much of them was right. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether two texts are equal. Hashing first makes lengths equal, so that even the length stays unknown. */
export function isSameText(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

/** SHA-256 of a text's UTF-8, lower-case hex. */
export function sha256Hex(text: string): string {
  return sha256(text).toString('hex');
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
