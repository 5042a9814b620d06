/**
 * Numbers that are written in several ways, or in a way in which no provider sends them. Callgate compares
 * normalised numbers, so spellings do no harm here; LiveKit compares the numbers of rules letter by letter.
 */
import type { CompiledRouting } from '../compile.ts';
import { normalizeNumber } from '../normalize-number.ts';
import { type Finding, findingsOf } from './finding.ts';

/** Numbers that are looked at; a table with more is too large for a person to care about spelling. */
const numbersMax = 200_000;

interface WrittenNumber {
  readonly kind: 'trunk' | 'rule';
  readonly id: string;
  readonly field: string;
  readonly written: string;
}

export function* lintSpelling(routing: CompiledRouting): Generator<Finding> {
  const firstWritten = new Map<string, WrittenNumber>();
  let looked = 0;
  for (const number of writtenNumbers(routing)) {
    const compared = normalizeNumber(number.written);
    const first = firstWritten.get(compared);
    if (first === undefined) {
      firstWritten.set(compared, number);
      if (compared.startsWith('+00')) yield internationalPrefix(number, compared);
    } else if (first.written !== number.written) {
      yield otherSpelling(number, first, compared);
    }
    looked += 1;
    if (looked === numbersMax) return;
  }
}

function* writtenNumbers({ trunks, rules }: CompiledRouting): Generator<WrittenNumber> {
  for (const { id, info } of trunks) {
    for (const written of info.numbers) yield { kind: 'trunk', id, field: 'numbers', written };
    for (const written of info.allowedNumbers) {
      yield { kind: 'trunk', id, field: 'allowed_numbers', written };
    }
  }
  for (const { id, info } of rules) {
    for (const written of info.numbers) yield { kind: 'rule', id, field: 'numbers', written };
    for (const written of info.inboundNumbers) {
      yield { kind: 'rule', id, field: 'inbound_numbers', written };
    }
  }
}

function otherSpelling(number: WrittenNumber, first: WrittenNumber, compared: string): Finding {
  return findingsOf(number.kind, number.id)(
    'number-spelling',
    'info',
    number.field,
    `${number.written} is written ${first.written} in ${first.field} of ${first.kind} ${first.id}; both are compared as ${compared}.`,
    `Write ${compared} everywhere; LiveKit's own SIP compares the numbers of rules letter by letter.`,
  );
}

function internationalPrefix(number: WrittenNumber, compared: string): Finding {
  return findingsOf(number.kind, number.id)(
    'international-prefix',
    'warning',
    number.field,
    `${number.written} is compared as ${compared}: 00 is dialled before a country code and belongs to no number.`,
    `Write +${compared.slice(3)}, as providers send it.`,
  );
}
