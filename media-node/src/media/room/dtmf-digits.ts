/** Digits in LiveKit's data packets: their codes are those of telephone events (RFC 4733 §3.2). Pure. */

const digits = '0123456789*#abcd';

/** @param digit one of 0-9, *, #, a-d */
export function codeOfDigit(digit: string): number {
  return digits.indexOf(digit);
}
