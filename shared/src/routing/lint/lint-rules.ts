/** What is wrong, risky or surprising about each dispatch rule, beside the trunks there are. */
import type { CompiledRouting } from '../compile.ts';
import type { CompiledRule } from '../compiled-rule.ts';
import { type Finding, type FindingMaker, findingsOf, someOf } from './finding.ts';
import type { TrunkFacts } from './trunk-facts.ts';

/** What can be keyed in on a phone before the hash: digits, star, and the letters of RFC 4733. */
const keyedPin = /^[0-9*a-d]{1,16}$/;
const pinLengthMin = 4;

export function* lintRule(
  rule: CompiledRule,
  routing: CompiledRouting,
  facts: TrunkFacts,
): Generator<Finding> {
  const finding = findingsOf('rule', rule.id);
  yield* lintTrunkIds(rule, routing.allowTrunklessCalls, facts, finding);
  yield* lintNumbers(rule, facts, finding);
  yield* lintCallers(rule, facts, finding);
  yield* lintPin(rule, finding);
  yield* lintHiddenNumber(rule, facts, finding);
}

function* lintTrunkIds(
  rule: CompiledRule,
  allowTrunklessCalls: boolean,
  facts: TrunkFacts,
  finding: FindingMaker,
): Generator<Finding> {
  if (rule.trunkIds === null) {
    yield allowTrunklessCalls
      ? finding(
          'rule-open-to-strangers',
          rule.pin === '' ? 'warning' : 'info',
          'trunk_ids',
          `Rule ${rule.id} names no trunk, and this deployment lets calls go on that match no trunk: everybody on the internet can reach it.`,
          'Name the trunks in trunk_ids, or do not allow trunkless calls.',
        )
      : finding(
          'rule-for-every-trunk',
          'info',
          'trunk_ids',
          `Rule ${rule.id} names no trunk and so takes calls of every trunk, also of those that are added later.`,
          'Name the trunks in trunk_ids if that is not meant.',
        );
    return;
  }
  const unknown = [...rule.trunkIds].filter((id) => !facts.byId.has(id));
  if (unknown.length === 0) return;
  const none = unknown.length === rule.trunkIds.size;
  yield finding(
    none ? 'rule-for-no-trunk' : 'unknown-trunk',
    none ? 'error' : 'warning',
    'trunk_ids',
    `Rule ${rule.id} names ${someOf(unknown)}, and there is no such trunk${none ? ': it takes no call' : ''}.`,
    'Correct trunk_ids, or delete the rule.',
  );
}

/** Wildcard trunks serve every number, and calls without trunk go to any. */
function* lintNumbers(
  rule: CompiledRule,
  facts: TrunkFacts,
  finding: FindingMaker,
): Generator<Finding> {
  const served = facts.numbersServedFor(rule);
  if (rule.numbers === null || served === null) return;
  const unserved = [...rule.numbers].filter((number) => !served(number));
  if (unserved.length === 0) return;
  yield finding(
    'number-not-served',
    unserved.length === rule.numbers.size ? 'error' : 'warning',
    'numbers',
    `Rule ${rule.id} is for calls to ${someOf(unserved)}, and none of its trunks lists that number.`,
    'Add the number to a trunk of the rule, or correct it.',
  );
}

function* lintCallers(
  rule: CompiledRule,
  facts: TrunkFacts,
  finding: FindingMaker,
): Generator<Finding> {
  if (rule.callers === null) return;
  const misplaced = [...rule.callers].filter(
    (caller) => facts.calledNumbers.has(caller) || rule.numbers?.has(caller) === true,
  );
  if (misplaced.length === 0) return;
  yield finding(
    'called-number-as-caller',
    misplaced.length === rule.callers.size ? 'error' : 'warning',
    'inbound_numbers',
    `Rule ${rule.id} lists ${someOf(misplaced)} among its callers, and that is a number that is called.`,
    'inbound_numbers is the list of callers; called numbers belong into numbers.',
  );
}

function* lintPin(rule: CompiledRule, finding: FindingMaker): Generator<Finding> {
  if (rule.pin === '') return;
  const field = 'rule.pin';
  if (!keyedPin.test(rule.pin)) {
    yield finding(
      'pin-cannot-be-keyed',
      'error',
      field,
      `The PIN of rule ${rule.id} cannot be keyed in on a phone.`,
      'Take up to 16 digits or stars; the hash ends the input.',
    );
  } else if (rule.pin.length < pinLengthMin) {
    yield finding(
      'short-pin',
      'warning',
      field,
      `The PIN of rule ${rule.id} is shorter than ${pinLengthMin} digits: a caller finds it by trying.`,
      'Take 6 digits or more.',
    );
  }
}

function* lintHiddenNumber(
  rule: CompiledRule,
  facts: TrunkFacts,
  finding: FindingMaker,
): Generator<Finding> {
  if (!rule.info.hidePhoneNumber) return;
  if (rule.kind.case === 'dispatchRuleIndividual' && rule.kind.value.noRandomness) {
    yield finding(
      'masked-rooms-shared',
      'warning',
      'rule.dispatch_rule_individual.no_randomness',
      `Rule ${rule.id} hides numbers and makes room names without randomness: callers whose numbers end alike meet in one room.`,
      'Leave no_randomness out, or do not hide the number.',
    );
  }
  const telling = facts.tellingTrunkIds.filter((id) => rule.trunkIds?.has(id) ?? true);
  if (telling.length === 0) return;
  yield finding(
    'hidden-number-in-headers',
    'warning',
    'hide_phone_number',
    `Rule ${rule.id} hides the number of the caller, and trunk ${someOf(telling)} puts headers that hold it into attributes.`,
    'Leave those headers out of include_headers and headers_to_attributes of the trunk.',
  );
}
