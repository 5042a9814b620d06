/**
 * The trace of a decision: for each trunk and rule that was looked at, whether it takes the call, else the
 * first field that did not, with both values as they were compared, and a sentence for people. Plain JSON,
 * bounded, without PINs and passwords.
 */
import type { RuleMismatch } from '../compiled-rule.ts';
import type { TrunkMismatch } from '../compiled-trunk.ts';

/** The first predicate that failed. */
export interface FailedField {
  readonly field: TrunkMismatch | RuleMismatch;
  /** What the object holds, normalised; the first listedMax entries. Empty for PINs. */
  readonly configured: readonly string[];
  /** How many entries more it holds. */
  readonly omitted: number;
  /** What the call has, normalised. Empty for PINs. */
  readonly call: string;
}

export interface TraceEntry {
  readonly id: string;
  readonly name: string;
  /** The object takes the call, whether or not another one goes before it. */
  readonly matched: boolean;
  /** The object is the answer. */
  readonly chosen: boolean;
  /** null: it matched. */
  readonly failed: FailedField | null;
  readonly sentence: string;
}

export interface Trace {
  readonly trunks: readonly TraceEntry[];
  /** Empty when the trunk step already refused the call. */
  readonly rules: readonly TraceEntry[];
  /** There are more objects than a person can read; those that come closest are here. */
  readonly isCut: boolean;
}

/** Entries of trunks, and of rules, in one trace: what a person can read. */
export const traceEntriesMax = 50;

/** Entries of a list that are shown. */
export const listedMax = 10;

/** @param configured entries of the list, as they are compared; it may be as long as a trunk's numbers */
export function failedField(
  field: FailedField['field'],
  configured: ReadonlySet<string> | readonly string[],
  call: string,
): FailedField {
  const length = 'size' in configured ? configured.size : configured.length;
  const shown: string[] = [];
  for (const entry of configured) {
    if (shown.length === listedMax) break;
    shown.push(entry);
  }
  return { field, configured: shown, omitted: length - shown.length, call };
}

/** `a, b and 3 more` */
export function listText({ configured, omitted }: FailedField): string {
  if (omitted > 0) return `${configured.join(', ')} and ${omitted} more`;
  return configured.length < 2
    ? configured.join()
    : `${configured.slice(0, -1).join(', ')} and ${configured.at(-1)}`;
}

/** `Trunk ST_1 (Main line)` */
export function subjectText(kind: 'Trunk' | 'Rule', id: string, name: string): string {
  return name === '' ? `${kind} ${id}` : `${kind} ${id} (${name})`;
}

/** The first `max` items of several sources, each once, and whether there are more. */
export function takeDistinct<T>(
  max: number,
  ...sources: readonly Iterable<T>[]
): { readonly taken: readonly T[]; readonly isCut: boolean } {
  const taken = new Set<T>();
  for (const source of sources) {
    for (const item of source) {
      if (taken.has(item)) continue;
      if (taken.size === max) return { taken: [...taken], isCut: true };
      taken.add(item);
    }
  }
  return { taken: [...taken], isCut: false };
}
