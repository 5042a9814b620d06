/** Call ids for tests, each another. */

let made = 0;

export function nextCallId(): string {
  made += 1;
  const digits = String(made).padStart(12, '0');
  return `SCL_${digits.replace(/\d/g, (digit) => 'abcdefghjk'[Number(digit)] ?? '')}`;
}
