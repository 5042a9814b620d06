/** What the checks of rules need to know of the trunks of a set, found out once. */
import { SIPHeaderOptions } from '@livekit/protocol';
import type { CompiledRouting } from '../compile.ts';
import type { CompiledRule } from '../compiled-rule.ts';
import type { CompiledTrunk } from '../compiled-trunk.ts';

export interface TrunkFacts {
  readonly byId: ReadonlyMap<string, CompiledTrunk>;
  /** All called numbers of all trunks. */
  readonly calledNumbers: ReadonlySet<string>;
  /** Trunks that put headers with the number of the caller into attributes. */
  readonly tellingTrunkIds: readonly string[];
  /** Whether a trunk of the rule lists a number; null: calls to every number may reach the rule. */
  readonly numbersServedFor: (rule: CompiledRule) => ((number: string) => boolean) | null;
}

/** Headers that hold the number of the caller. */
const tellingHeader =
  /^(f|from|contact|m|p-asserted-identity|p-preferred-identity|remote-party-id)$/i;

export function trunkFacts({ trunks, allowTrunklessCalls }: CompiledRouting): TrunkFacts {
  const byId = new Map(trunks.map((trunk) => [trunk.id, trunk]));
  const calledNumbers = new Set<string>();
  for (const { numbers } of trunks) {
    for (const number of numbers ?? []) calledNumbers.add(number);
  }
  const hasWildcard = allowTrunklessCalls || trunks.some(({ numbers }) => numbers === null);
  return {
    byId,
    calledNumbers,
    tellingTrunkIds: trunks.filter(tellsNumber).map(({ id }) => id),
    numbersServedFor: (rule) => {
      if (rule.trunkIds === null) {
        return hasWildcard || trunks.length === 0 ? null : (number) => calledNumbers.has(number);
      }
      const own = [...rule.trunkIds].flatMap((id) => byId.get(id) ?? []);
      if (own.length === 0 || own.some(({ numbers }) => numbers === null)) return null;
      return (number) => own.some(({ numbers }) => numbers?.has(number) === true);
    },
  };
}

/** Trunks whose calls may reach the rule, as far as ids go; null: calls without trunk may, too. */
export function* trunksOf(
  rule: CompiledRule,
  facts: TrunkFacts,
  allowTrunklessCalls: boolean,
): Generator<CompiledTrunk | null> {
  if (rule.trunkIds === null) {
    if (allowTrunklessCalls) yield null;
    yield* facts.byId.values();
    return;
  }
  for (const id of rule.trunkIds) {
    const trunk = facts.byId.get(id);
    if (trunk !== undefined) yield trunk;
  }
}

function tellsNumber({ info }: CompiledTrunk): boolean {
  return (
    info.includeHeaders === SIPHeaderOptions.SIP_ALL_HEADERS ||
    Object.keys(info.headersToAttributes).some((name) => tellingHeader.test(name))
  );
}
