/**
 * A trunk ready for comparison, and the predicates of trunk matching: which field of a trunk keeps a call
 * out. The live decision and its explanation use these same predicates.
 */
import type { SIPInboundTrunkInfo } from '@livekit/protocol';
import { type AddressList, holdsAddress, parseAddressList } from './address-list.ts';
import { normalizeNumber } from './normalize-number.ts';
import type { ComparedCall } from './routed-call.ts';
import { type TrunkOptions, trunkOptionsOf } from './trunk-options.ts';

export interface CompiledTrunk {
  readonly id: string;
  readonly info: SIPInboundTrunkInfo;
  /** Normalised `numbers`; null: wildcard trunk. */
  readonly numbers: ReadonlySet<string> | null;
  /** Normalised `allowed_numbers`; null: every caller. */
  readonly callers: ReadonlySet<string> | null;
  readonly addresses: AddressList;
  readonly options: TrunkOptions;
}

/** The field of a trunk that keeps a call out. */
export type TrunkMismatch = 'numbers' | 'allowed_addresses' | 'allowed_numbers';

export function compileTrunk(info: SIPInboundTrunkInfo): CompiledTrunk {
  return {
    id: info.sipTrunkId,
    info,
    numbers: numberSet(info.numbers),
    callers: numberSet(info.allowedNumbers),
    addresses: parseAddressList(info.allowedAddresses),
    options: trunkOptionsOf(info.metadata),
  };
}

/** The first field that does not take the call; null: the trunk takes it. */
export function trunkMismatch(trunk: CompiledTrunk, call: ComparedCall): TrunkMismatch | null {
  if (trunk.numbers !== null && !trunk.numbers.has(call.called)) return 'numbers';
  if (!holdsAddress(trunk.addresses, call.source)) return 'allowed_addresses';
  if (trunk.callers !== null && !trunk.callers.has(call.caller)) return 'allowed_numbers';
  return null;
}

/** Distinct normalised entries; null for the empty list, which means "all". */
export function numberSet(numbers: readonly string[]): ReadonlySet<string> | null {
  return numbers.length === 0 ? null : new Set(numbers.map(normalizeNumber));
}
