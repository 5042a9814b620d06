/**
 * Numbers that a person would take for one and the same, though they are compared as different: the same
 * digits behind another prefix (`+00442079460000`, `+02079460000`, `+442079460000`), or with separators
 * that are none.
 */

/** So many last digits tell a number from all others of a deployment, with or without country code. */
const significantDigits = 7;

/** True for two different numbers whose last digits are the same. */
export function numbersAlike(a: string, b: string): boolean {
  if (a === b) return false;
  const tail = significantTail(a);
  return tail !== null && tail === significantTail(b);
}

/** A hint for people when one of the numbers looks like the one that was compared; else empty. */
export function alikeHint(
  numbers: Iterable<string>,
  compared: string,
  searchedMax: number,
): string {
  let searched = 0;
  for (const number of numbers) {
    if (numbersAlike(number, compared)) {
      return ` ${number} and ${compared} end alike, but numbers are compared as they are written, without country logic.`;
    }
    searched += 1;
    if (searched === searchedMax) break;
  }
  return '';
}

function significantTail(number: string): string | null {
  const digits = number.replace(/[^0-9]/g, '');
  return digits.length < significantDigits ? null : digits.slice(-significantDigits);
}
