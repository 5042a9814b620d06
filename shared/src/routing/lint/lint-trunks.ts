/** What is wrong, risky or surprising about each trunk alone, and about trunks that share a password. */
import type { CompiledRouting } from '../compile.ts';
import type { CompiledTrunk } from '../compiled-trunk.ts';
import { digestRealm } from '../digest-realm.ts';
import { nodesFor } from '../layer.ts';
import { type Finding, findingsOf, someOf } from './finding.ts';

/** Shorter ones fall to a dictionary in hours, and SIP ports are tried around the clock. */
const passwordLengthMin = 8;

export function* lintTrunks(routing: CompiledRouting): Generator<Finding> {
  for (const trunk of routing.trunks) {
    yield* lintProtection(trunk);
    yield* lintAddresses(trunk);
    yield* lintCallers(trunk);
    yield* lintRulesOf(trunk, routing);
  }
  yield* lintReusedPasswords(routing.trunks);
}

function* lintProtection({ id, info, addresses }: CompiledTrunk): Generator<Finding> {
  const finding = findingsOf('trunk', id);
  const { authUsername: user, authPassword: password } = info;
  if ((user === '') !== (password === '')) {
    yield finding(
      'half-credentials',
      'error',
      user === '' ? 'auth_username' : 'auth_password',
      `Trunk ${id} has half of its credentials, so its callers are not asked for any.`,
      'Set auth_username and auth_password, or neither of them.',
    );
  }
  if (password !== '' && (password.length < passwordLengthMin || password === user)) {
    yield finding(
      'weak-password',
      'warning',
      'auth_password',
      `The password of trunk ${id} is ${password === user ? 'its user name' : `shorter than ${passwordLengthMin} characters`}.`,
      'Take a long random password.',
    );
  }
  if (digestRealm(info) === null && addresses.everybody) {
    yield finding(
      'trunk-open-to-everybody',
      'warning',
      'allowed_addresses',
      `Trunk ${id} has neither credentials nor addresses: everybody on the internet who dials one of its numbers gets in.`,
      'Set auth_username and auth_password, or the addresses of the provider.',
    );
  }
}

function* lintAddresses({ id, addresses }: CompiledTrunk): Generator<Finding> {
  if (addresses.invalid.length === 0) return;
  const nobody = addresses.prefixes.length === 0;
  yield findingsOf('trunk', id)(
    'invalid-address',
    nobody ? 'error' : 'warning',
    'allowed_addresses',
    `Of the allowed_addresses of trunk ${id}, ${someOf(addresses.invalid)} can never match${nobody ? ', so it lets nobody in' : ''}.`,
    'Write IP addresses or prefixes; host names are not resolved.',
  );
}

function* lintCallers({ id, numbers, callers }: CompiledTrunk): Generator<Finding> {
  if (numbers === null || callers === null) return;
  const misplaced = [...callers].filter((caller) => numbers.has(caller));
  if (misplaced.length === 0) return;
  yield findingsOf('trunk', id)(
    'called-number-as-caller',
    misplaced.length === callers.size ? 'error' : 'warning',
    'allowed_numbers',
    `Trunk ${id} lists its own number ${someOf(misplaced)} among the callers it takes.`,
    'allowed_numbers is the list of callers; called numbers belong into numbers.',
  );
}

/** Trunks whose calls, or calls to some of their numbers, find no rule whoever calls. */
function* lintRulesOf(trunk: CompiledTrunk, routing: CompiledRouting): Generator<Finding> {
  const finding = findingsOf('trunk', trunk.id);
  const layers = nodesFor(routing.ruleIndex, trunk.id);
  if (layers.length === 0) {
    yield finding(
      'trunk-without-rules',
      'error',
      'sip_trunk_id',
      `No dispatch rule takes calls of trunk ${trunk.id}: they end with 404.`,
      `Add a rule with trunk_ids ["${trunk.id}"], or one without trunk_ids.`,
    );
    return;
  }
  if (layers.some(({ any }) => any !== null)) return;
  const unserved = [...(trunk.numbers ?? [])].filter(
    (number) => !layers.some(({ byKey }) => byKey.has(number)),
  );
  if (unserved.length === 0) return;
  const all = unserved.length === trunk.numbers?.size;
  yield finding(
    'number-without-rule',
    all ? 'error' : 'warning',
    'numbers',
    `No dispatch rule takes calls of trunk ${trunk.id} to ${someOf(unserved)}: they end with 404.`,
    'Add the number to a rule, or a rule without numbers.',
  );
}

function* lintReusedPasswords(trunks: readonly CompiledTrunk[]): Generator<Finding> {
  const first = new Map<string, string>();
  for (const { id, info } of trunks) {
    if (info.authPassword === '') continue;
    const other = first.get(info.authPassword);
    if (other === undefined) {
      first.set(info.authPassword, id);
      continue;
    }
    yield findingsOf('trunk', id)(
      'password-reused',
      'warning',
      'auth_password',
      `Trunks ${other} and ${id} have the same password: who knows one knows both.`,
      'Give each trunk a password of its own.',
    );
  }
}
