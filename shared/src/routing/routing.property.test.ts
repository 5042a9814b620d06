/**
 * Properties that hold for every set and every call: the order of storage plays no part, and the compiled
 * table answers what a plain scan over all objects answers. The scan below is written from the rules of
 * matching alone and shares only number and address parsing with the product.
 */
import type { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsAddress, parseAddressList } from './address-list.ts';
import { pinAnswer, routedCall, routingSet, someTrunkId } from './arbitrary-routing.fake.ts';
import { compileRouting, type RoutingSet } from './compile.ts';
import type { PinAnswer } from './compiled-rule.ts';
import { findConflicts } from './conflicts.ts';
import { findRule } from './find-rule.ts';
import { findTrunk, namesNoCaller } from './find-trunk.ts';
import { parseIpAddress, parseIpPrefix, prefixHolds } from './ip-address.ts';
import { normalizeNumber } from './normalize-number.ts';
import type { RoutedCall } from './routed-call.ts';

const runs = { numRuns: 2_000 };
const sameNumber = (a: string, b: string) => a === b || normalizeNumber(a) === normalizeNumber(b);
const lists = (entries: readonly string[], number: string) =>
  entries.length === 0 || entries.some((entry) => sameNumber(entry, number));

/** Id of the trunk, 'ambiguous' or null, by looking at every trunk. */
function scanTrunks(trunks: readonly SIPInboundTrunkInfo[], call: RoutedCall): string | null {
  const source = parseIpAddress(call.source);
  const ranked = trunks
    .filter((trunk) => lists(trunk.numbers, call.toUser))
    .filter((trunk) => lists(trunk.allowedNumbers, call.fromUser))
    .filter((trunk) => holdsAddress(parseAddressList(trunk.allowedAddresses), source))
    .map((trunk) => ({
      id: trunk.sipTrunkId,
      rank:
        (trunk.numbers.length > 0 ? 4 : 0) +
        (trunk.allowedAddresses.length > 0 ? 2 : 0) +
        (trunk.allowedNumbers.length > 0 ? 1 : 0),
    }));
  const best = Math.max(...ranked.map(({ rank }) => rank));
  const winners = ranked.filter(({ rank }) => rank === best);
  return winners.length > 1 ? 'ambiguous' : (winners[0]?.id ?? null);
}

/** Id of the rule, or null, by sorting every rule that takes the call. For sets without conflicts. */
function scanRules(
  rules: readonly SIPDispatchRuleInfo[],
  trunkId: string | null,
  call: RoutedCall,
  pin: PinAnswer,
): string | null {
  const sent = pin.kind === 'pin' ? pin.digits : '';
  const taking = rules.flatMap((info) => {
    const kind = info.rule?.rule;
    if (kind === undefined || kind.case === undefined) return [];
    const ofTrunk = trunkId !== null && info.trunkIds.includes(trunkId);
    if (info.trunkIds.length > 0 && !ofTrunk) return [];
    if (!lists(info.numbers, call.toUser) || !lists(info.inboundNumbers, call.fromUser)) return [];
    if (pin.kind === 'no-pin' && kind.value.pin !== '') return [];
    if (sent !== '' && kind.value.pin !== sent) return [];
    const type = { dispatchRuleDirect: 0, dispatchRuleIndividual: 1, dispatchRuleCallee: 2 };
    const unnamed = Number(info.numbers.length === 0) + Number(info.inboundNumbers.length === 0);
    const priority = type[kind.case] + (kind.value.pin === '' ? 100 : 0) + 1_000 * unnamed;
    const room = kind.case === 'dispatchRuleDirect' ? kind.value.roomName : kind.value.roomPrefix;
    const padded = String(priority + (ofTrunk ? 0 : 5_000)).padStart(6, '0');
    return [{ key: `${padded} ${room} ${info.sipDispatchRuleId}`, id: info.sipDispatchRuleId }];
  });
  return taking.sort((a, b) => (a.key < b.key ? -1 : 1))[0]?.id ?? null;
}

/** True when two objects of the set claim the same calls, by comparing every pair. */
function scanConflicts({ trunks, rules }: RoutingSet): boolean {
  const meet = (a: readonly string[], b: readonly string[]) =>
    a.length === 0 || b.length === 0
      ? a.length === b.length
      : a.some((one) => b.some((other) => sameNumber(one, other)));
  const networksMeet = (a: readonly string[], b: readonly string[]) => {
    if (a.length === 0 || b.length === 0) return a.length === b.length;
    const wide = (one: string, other: string) => {
      const holder = parseIpPrefix(one);
      const held = parseIpPrefix(other);
      const first = parseIpAddress(other.replace(/\/.*/, ''));
      if (holder === null || held === null || first === null) return false;
      return holder.bits <= held.bits && prefixHolds(holder, first);
    };
    return a.some((one) => b.some((other) => wide(one, other) || wide(other, one)));
  };
  const pinOf = (rule: SIPDispatchRuleInfo) => rule.rule?.rule.value?.pin;
  const pairs = <T>(items: readonly T[]) =>
    items.flatMap((a, n) => items.slice(n + 1).map((b) => [a, b] as const));
  return (
    rules.some((rule) => pinOf(rule) === undefined) ||
    pairs(trunks).some(
      ([a, b]) =>
        meet(a.numbers, b.numbers) &&
        meet(a.allowedNumbers, b.allowedNumbers) &&
        networksMeet(a.allowedAddresses, b.allowedAddresses),
    ) ||
    pairs(rules).some(
      ([a, b]) =>
        pinOf(a) === pinOf(b) &&
        meet(a.trunkIds, b.trunkIds) &&
        meet(a.numbers, b.numbers) &&
        meet(a.inboundNumbers, b.inboundNumbers),
    )
  );
}

function trunkAnswer(set: RoutingSet, call: RoutedCall): string | null {
  const verdict = findTrunk(compileRouting({ ...set, allowTrunklessCalls: false }), call);
  if (verdict.kind === 'trunk') return verdict.trunk.id;
  return verdict.kind === 'ambiguous' ? 'ambiguous' : null;
}

function ruleAnswer(
  set: RoutingSet,
  trunkId: string | null,
  call: RoutedCall,
  pin: PinAnswer,
): string | null {
  const routing = compileRouting({ ...set, allowTrunklessCalls: true });
  const verdict = findRule(routing, trunkId, call, pin);
  if (verdict.kind === 'rule') return verdict.rule.id;
  return verdict.kind === 'ambiguous' ? 'ambiguous' : null;
}

const shuffled = (set: RoutingSet) =>
  fc.record({
    trunks: fc.shuffledSubarray([...set.trunks], { minLength: set.trunks.length }),
    rules: fc.shuffledSubarray([...set.rules], { minLength: set.rules.length }),
  });

describe('normalisation', () => {
  it('is idempotent', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^\+?[0-9 ()-]{0,12}$/));
    fc.assert(
      fc.property(text, (number) => {
        const once = normalizeNumber(number);
        expect(normalizeNumber(once)).toBe(once);
      }),
      runs,
    );
  });
});

describe('the trunk of a call', () => {
  it('is the one that a scan over all trunks finds', () => {
    fc.assert(
      fc.property(routingSet, routedCall, (set, call) => {
        expect(trunkAnswer(set, call)).toBe(scanTrunks(set.trunks, call));
      }),
      runs,
    );
  });

  it('does not depend on the order of storage', () => {
    const setAndShuffled = routingSet.chain((set) => fc.tuple(fc.constant(set), shuffled(set)));
    fc.assert(
      fc.property(setAndShuffled, routedCall, ([set, other], call) => {
        expect(trunkAnswer(other, call)).toBe(trunkAnswer(set, call));
      }),
      runs,
    );
  });

  it('is never ambiguous in a set without conflicts', () => {
    fc.assert(
      fc.property(routingSet, routedCall, ({ trunks }, call) => {
        fc.pre(findConflicts({ trunks, rules: [] }).length === 0);
        expect(trunkAnswer({ trunks, rules: [] }, call)).not.toBe('ambiguous');
      }),
      runs,
    );
  });
});

describe('a table that names no caller of a number', () => {
  it('has one verdict for all callers from one source to it', () => {
    let [settled, open] = [0, 0];
    fc.assert(
      fc.property(routingSet, routedCall, routedCall, (set, call, { fromUser, fromHost }) => {
        const routing = compileRouting({ ...set, allowTrunklessCalls: false });
        const isSettled = namesNoCaller(routing, call.toUser);
        if (isSettled) settled += 1;
        else open += 1;
        fc.pre(isSettled);
        expect(findTrunk(routing, { ...call, fromUser, fromHost })).toEqual(
          findTrunk(routing, call),
        );
      }),
      runs,
    );
    expect(Math.min(settled, open)).toBeGreaterThan(100);
  });
});

describe('the rule of a call', () => {
  it('is the one that a scan over all rules finds', () => {
    fc.assert(
      fc.property(
        routingSet,
        someTrunkId,
        routedCall,
        pinAnswer,
        ({ rules }, trunkId, call, pin) => {
          const answer = ruleAnswer({ trunks: [], rules }, trunkId, call, pin);
          fc.pre(answer !== 'ambiguous');
          expect(answer).toBe(scanRules(rules, trunkId, call, pin));
        },
      ),
      runs,
    );
  });

  it('does not depend on the order of storage', () => {
    const setAndShuffled = routingSet.chain((set) => fc.tuple(fc.constant(set), shuffled(set)));
    fc.assert(
      fc.property(
        setAndShuffled,
        someTrunkId,
        routedCall,
        pinAnswer,
        ([set, other], trunkId, call, pin) => {
          expect(ruleAnswer(other, trunkId, call, pin)).toBe(ruleAnswer(set, trunkId, call, pin));
        },
      ),
      runs,
    );
  });

  it('is never ambiguous in a set without conflicts', () => {
    fc.assert(
      fc.property(
        routingSet,
        someTrunkId,
        routedCall,
        pinAnswer,
        ({ rules }, trunkId, call, pin) => {
          fc.pre(findConflicts({ trunks: [], rules }).length === 0);
          expect(ruleAnswer({ trunks: [], rules }, trunkId, call, pin)).not.toBe('ambiguous');
        },
      ),
      runs,
    );
  });
});

describe('conflicts', () => {
  it('are found exactly where comparing every pair finds one', () => {
    fc.assert(
      fc.property(routingSet, (set) => {
        expect(findConflicts(set).length > 0).toBe(scanConflicts(set));
      }),
      runs,
    );
  });

  it('are found in any subset that holds both objects', () => {
    fc.assert(
      fc.property(routingSet, (set) => {
        const conflict = findConflicts(set).find(({ kind }) => kind === 'trunk');
        if (conflict?.kind !== 'trunk') return;
        const trunks = conflict.trunks.map((trunk) => trunk.info);
        expect(findConflicts({ trunks, rules: [] })).not.toEqual([]);
      }),
      runs,
    );
  });
});
