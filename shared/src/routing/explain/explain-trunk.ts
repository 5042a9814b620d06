/**
 * Why a trunk takes a call or does not, in words. The verdict comes from the live decision, the reasons from
 * the predicates that it uses.
 */

import { candidateTrunks } from '../candidates.ts';
import type { CompiledRouting } from '../compile.ts';
import { type CompiledTrunk, type TrunkMismatch, trunkMismatch } from '../compiled-trunk.ts';
import type { TrunkVerdict } from '../find-trunk.ts';
import { addressText, prefixText } from '../ip-address-text.ts';
import type { ComparedCall } from '../routed-call.ts';
import { alikeHint, numbersAlike } from './numbers-alike.ts';
import {
  type FailedField,
  failedField,
  listText,
  subjectText,
  type TraceEntry,
  takeDistinct,
  traceEntriesMax,
} from './trace.ts';

/** Numbers that are searched for one that looks like the called one. */
const searchedNumbersMax = 10_000;

/** The trunks of the verdict, those that come into question, then those with a number like the called one. */
export function traceTrunks(
  routing: CompiledRouting,
  call: ComparedCall,
  verdict: TrunkVerdict,
): { readonly entries: readonly TraceEntry[]; readonly isCut: boolean } {
  const winners = winnersOf(verdict);
  const { taken, isCut } = takeDistinct(
    traceEntriesMax,
    winners,
    candidateTrunks(routing, call.called),
    trunksAlike(routing, call.called),
    routing.trunks,
  );
  return { entries: taken.map((trunk) => explainTrunk(trunk, call, winners)), isCut };
}

function winnersOf(verdict: TrunkVerdict): readonly CompiledTrunk[] {
  switch (verdict.kind) {
    case 'trunk':
      return [verdict.trunk];
    case 'ambiguous':
      return verdict.trunks;
    case 'trunkless':
    case 'none':
      return [];
    default:
      return verdict satisfies never;
  }
}

function trunksAlike(routing: CompiledRouting, called: string): readonly CompiledTrunk[] {
  const alike: CompiledTrunk[] = [];
  let searched = 0;
  for (const trunk of routing.trunks) {
    for (const number of trunk.numbers ?? []) {
      if (numbersAlike(number, called)) alike.push(trunk);
      searched += 1;
      if (searched === searchedNumbersMax) return alike;
    }
  }
  return alike;
}

/** One trunk beside those that won (one; several in a set with a conflict; none). */
export function explainTrunk(
  trunk: CompiledTrunk,
  call: ComparedCall,
  winners: readonly CompiledTrunk[],
): TraceEntry {
  const subject = subjectText('Trunk', trunk.id, trunk.info.name);
  const mismatch = trunkMismatch(trunk, call);
  const common = { id: trunk.id, name: trunk.info.name };
  if (mismatch !== null) {
    const failed = failedOf(trunk, call, mismatch);
    const sentence = `${subject} ${failureText(trunk, call, failed)}`;
    return { ...common, matched: false, chosen: false, failed, sentence };
  }
  const chosen = winners.length === 1 && winners[0] === trunk;
  const sentence = `${subject} ${chosen ? chosenText(trunk, call) : outrankedText(trunk, winners)}`;
  return { ...common, matched: true, chosen, failed: null, sentence };
}

function failedOf(trunk: CompiledTrunk, call: ComparedCall, field: TrunkMismatch): FailedField {
  switch (field) {
    case 'numbers':
      return failedField(field, trunk.numbers ?? [], call.called);
    case 'allowed_addresses': {
      const source = call.source === null ? '' : addressText(call.source);
      const { prefixes, invalid } = trunk.addresses;
      return failedField(field, [...prefixes.map(prefixText), ...invalid], source);
    }
    case 'allowed_numbers':
      return failedField(field, trunk.callers ?? [], call.caller);
    default:
      return field satisfies never;
  }
}

function failureText(trunk: CompiledTrunk, call: ComparedCall, failed: FailedField): string {
  switch (failed.field) {
    case 'numbers':
      return `lists ${listText(failed)}; the call is to ${called(call)}.${calledHint(trunk, call)}`;
    case 'allowed_addresses':
      return addressFailureText(trunk, failed);
    default:
      return `takes calls from ${listText(failed)}; this one is from ${caller(call)}.${callerHint(trunk, call)}`;
  }
}

function addressFailureText(trunk: CompiledTrunk, failed: FailedField): string {
  if (trunk.addresses.prefixes.length === 0) {
    return 'lets nobody in: none of its allowed_addresses is an IP address or prefix.';
  }
  const source = failed.call === '' ? 'a source that is no IP address' : failed.call;
  return `does not let ${source} in; its allowed_addresses are ${listText(failed)}.`;
}

function calledHint(trunk: CompiledTrunk, call: ComparedCall): string {
  if (trunk.callers?.has(call.called) === true) return misplacedHint;
  return alikeHint(trunk.numbers ?? [], call.called, searchedNumbersMax);
}

function callerHint(trunk: CompiledTrunk, call: ComparedCall): string {
  if (trunk.callers?.has(call.called) === true) return misplacedHint;
  return alikeHint(trunk.callers ?? [], call.caller, searchedNumbersMax);
}

const misplacedHint =
  ' The called number stands in its allowed_numbers, which is the list of callers; called numbers belong into numbers.';

function chosenText(trunk: CompiledTrunk, call: ComparedCall): string {
  return trunk.numbers === null
    ? 'takes the call: it lists no numbers and so takes all that no other trunk takes by number.'
    : `takes the call: it lists ${called(call)}.`;
}

function outrankedText(trunk: CompiledTrunk, winners: readonly CompiledTrunk[]): string {
  const others = winners.filter((winner) => winner !== trunk);
  const [first] = others;
  if (first === undefined || winners.includes(trunk)) {
    const ids = others.map(({ id }) => id).join(', ');
    return `takes the call, and so does ${ids} in the same way: the two are in conflict.`;
  }
  return `would take the call, but trunk ${first.id} goes first: ${precedence(first, trunk)}.`;
}

function precedence(first: CompiledTrunk, other: CompiledTrunk): string {
  if (first.numbers !== null && other.numbers === null) return 'it lists the called number';
  if (!first.addresses.everybody && other.addresses.everybody) {
    return 'its allowed_addresses hold the source';
  }
  return 'its allowed_numbers hold the caller';
}

function called({ called: number }: ComparedCall): string {
  return number === '' ? 'no number' : number;
}

function caller({ caller: number }: ComparedCall): string {
  return number === '' ? 'a caller without number' : number;
}
