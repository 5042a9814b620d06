/**
 * Which row of the table of outcomes a refusal is, of requests that never become a call. The rule that was broken says more and goes beside it into the
 * log; the row says whose fault it is and what to do. Pure.
 */
import { isOutcomeReason, type OutcomeReason } from '@callgate/shared/call/outcome.ts';

/** What is refused without an answer, or for another reason than its status says. */
const byRule: ReadonlyMap<string, OutcomeReason> = new Map([
  ['full', 'over-capacity'],
  ['loop-delay', 'over-capacity'],
  ['too-many-connections', 'stranger-too-fast'],
  ['too-many-handshakes', 'stranger-too-fast'],
  ['nonce-count', 'bad-credentials'],
  ['scanner-from', 'scanner-dropped'],
  ['scanner-name', 'scanner-dropped'],
  ['scanner-user', 'scanner-dropped'],
  ['scanner-via', 'scanner-dropped'],
  ['too-many-failures', 'guessing-dropped'],
  ['too-many-in-dialog', 'stranger-too-fast'],
  ['too-many-requests', 'stranger-too-fast'],
  ['too-many-strangers', 'stranger-too-fast'],
]);

const byStatus: ReadonlyMap<number, OutcomeReason> = new Map([
  [400, 'malformed-request'],
  [405, 'method-not-allowed'],
  [406, 'not-acceptable'],
  [413, 'message-too-large'],
  [415, 'unsupported-media-type'],
  [416, 'unsupported-uri'],
  [420, 'unsupported-extension'],
  [422, 'interval-too-small'],
  [481, 'no-such-call'],
  [482, 'loop-detected'],
  [483, 'too-many-hops'],
  [503, 'over-capacity'],
  [505, 'version-not-supported'],
  [513, 'message-too-large'],
]);

/** Ends of connections that are refusals; the others are the network's. */
const refusedConnections: ReadonlySet<string> = new Set([
  'peer-too-slow',
  'proxy-header-refused',
  'stream-broken',
  'too-many-connections',
  'too-many-handshakes',
]);

/** The row for a connection that was ended; none where nobody refused it. */
export function connectionReason(rule: string): { readonly reason?: OutcomeReason } {
  return refusedConnections.has(rule) ? { reason: refusalReason(rule, null) } : {};
}

/**
 * @param rule that was broken, in a word
 * @param status of the answer; null: silence
 */
export function refusalReason(rule: string, status: number | null): OutcomeReason {
  if (isOutcomeReason(rule)) return rule;
  return byRule.get(rule) ?? byStatus.get(status ?? 0) ?? 'malformed-request';
}
