/** Phone numbers as logs and ladders show them: enough to tell two apart, too little to call anybody. */

const keptCharacters = 4;
const starsMax = 12;

/** `+15550199` becomes `*****0199`; four characters or fewer vanish. */
export function maskNumber(number: string): string {
  const kept = number.length > keptCharacters ? number.slice(-keptCharacters) : '';
  return '*'.repeat(Math.min(starsMax, number.length - kept.length)) + kept;
}

/** Masks what looks like a phone number in a sentence: six digits or more in a row, with or without a plus. Addresses and ports stay. */
export function maskNumbersIn(text: string): string {
  return text.replace(/\+?\d{6,}/g, maskNumber);
}
