/**
 * Numbers as they are compared. Providers write one number in many ways (`+1 (555) 0100`, `15550100`);
 * trunks, rules and calls are compared after this normalisation. There is no country logic: `0044…`,
 * `44…` and `+44…` stay three different numbers. Anything that is not digits and separators (names,
 * `*`, `#`, dots, parameters) is compared as it is, letter by letter.
 */

const numberLike = /^\+?[0-9 ()-]+$/;
const separators = /[ ()-]/g;

/**
 * The form of a SIP user part (or of a configured number) that is compared. Idempotent.
 *
 * @param number user part of a SIP URI, or an entry of a list of numbers; any text
 * @returns `+` and digits for numbers, the text itself for everything else
 */
export function normalizeNumber(number: string): string {
  if (!numberLike.test(number)) return number;
  const digits = number.replace(separators, '');
  return digits.startsWith('+') ? digits : `+${digits}`;
}
