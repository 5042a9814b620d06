/**
 * What the linter finds: something that is allowed, and that somebody would want to know before a caller
 * does. Stable codes for machines, a sentence and an advice for people; no PIN and no password in either.
 */

/** `error`: it can never do what it is there for. `warning`: it is risky, or does half. `info`: good to know. */
export type Severity = 'error' | 'warning' | 'info';

export const findingCodes = [
  // Claims the same calls as another object.
  'conflict',
  // Can never match.
  'rule-without-kind',
  'rule-for-no-trunk',
  'unknown-trunk',
  'shadowed-rule',
  'number-not-served',
  'caller-not-allowed',
  'called-number-as-caller',
  'trunk-without-rules',
  'number-without-rule',
  'invalid-address',
  'pin-cannot-be-keyed',
  // Risky.
  'trunk-open-to-everybody',
  'rule-open-to-strangers',
  'half-credentials',
  'weak-password',
  'password-reused',
  'short-pin',
  'hidden-number-in-headers',
  'masked-rooms-shared',
  // Surprising.
  'rule-for-every-trunk',
  'number-spelling',
  'international-prefix',
] as const;

export type FindingCode = (typeof findingCodes)[number];

export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  readonly kind: 'trunk' | 'rule';
  /** Id of the object. */
  readonly id: string;
  /** Field of the object, in proto JSON. */
  readonly field: string;
  readonly sentence: string;
  readonly advice: string;
}

/** Findings of one object are made with its kind and id filled in. */
export type FindingMaker = (
  code: FindingCode,
  severity: Severity,
  field: string,
  sentence: string,
  advice: string,
) => Finding;

export function findingsOf(kind: Finding['kind'], id: string): FindingMaker {
  return (code, severity, field, sentence, advice) => ({
    code,
    severity,
    kind,
    id,
    field,
    sentence,
    advice,
  });
}

/** `a, b and 3 more`, for lists that may be long. */
export function someOf(items: readonly string[]): string {
  const shown = items.slice(0, 3).join(', ');
  return items.length > 3 ? `${shown} and ${items.length - 3} more` : shown;
}
