/** Every arrow of the machines, and every input that changes nothing: the tables beside the figures of RFC 3261 §17 and RFC 6026. */
import { describe, expect, it } from 'vitest';
import { inviteClient } from './invite-client.ts';
import { inviteServer } from './invite-server.ts';
import type { Action, Machine } from './machine.ts';
import { nonInviteClient } from './non-invite-client.ts';
import { nonInviteServer } from './non-invite-server.ts';
import { standardTiming } from './timing.ts';

/** `send start-H` and the like. */
function words(actions: readonly Action[]): string {
  return actions
    .map((action) => ('timer' in action ? `${action.do}-${action.timer}` : action.do))
    .join(' ');
}

/** state, input -> next state, actions over UDP. Pairs that are not listed must change nothing. */
type Arrows = Readonly<Record<string, readonly [string, string]>>;

function check<Name extends string, Input extends string>(
  machine: Machine<Name, Input>,
  states: readonly Name[],
  inputs: readonly Input[],
  arrows: Arrows,
): void {
  const timing = standardTiming(false);
  for (const name of states) {
    for (const input of inputs) {
      const [to, actions] = arrows[`${name} ${input}`] ?? [name, ''];
      it(`${name}, ${input}: ${to}${actions === '' ? '' : `, ${actions}`}`, () => {
        const step = machine.next({ name, resendMs: 500 }, input, timing);
        expect([step.state.name, words(step.actions)]).toEqual([to, actions]);
      });
    }
  }
}

describe('INVITE server transaction', () => {
  check(
    inviteServer,
    ['proceeding', 'completed', 'confirmed', 'accepted', 'silent', 'terminated'],
    [
      'invite',
      'ack',
      'provisional',
      'success',
      'refusal',
      'only-answer',
      'hush',
      'send-failed',
      'timer-G',
      'timer-H',
      'timer-I',
      'timer-L',
    ],
    {
      'proceeding invite': ['proceeding', 'resend'],
      'proceeding provisional': ['proceeding', 'send'],
      'proceeding success': ['accepted', 'send start-L'],
      'proceeding refusal': ['completed', 'send start-H start-G'],
      'proceeding only-answer': ['completed', 'send start-H'],
      'proceeding hush': ['silent', 'start-L'],
      'proceeding send-failed': ['terminated', 'tell-unsent'],
      'completed invite': ['completed', 'resend'],
      'completed timer-G': ['completed', 'resend start-G'],
      'completed ack': ['confirmed', 'stop-G stop-H start-I'],
      'completed timer-H': ['terminated', 'stop-G tell-timeout'],
      'completed send-failed': ['terminated', 'stop-G stop-H tell-unsent'],
      'confirmed timer-I': ['terminated', ''],
      'accepted success': ['accepted', 'send'],
      'accepted ack': ['accepted', 'pass'],
      'accepted send-failed': ['accepted', 'tell-unsent'],
      'accepted timer-L': ['terminated', ''],
      'silent timer-L': ['terminated', ''],
    },
  );
});

describe('non-INVITE server transaction', () => {
  check(
    nonInviteServer,
    ['trying', 'proceeding', 'completed', 'terminated'],
    ['request', 'provisional', 'final', 'send-failed', 'timer-J'],
    {
      'trying provisional': ['proceeding', 'send'],
      'trying final': ['completed', 'send start-J'],
      'trying send-failed': ['terminated', 'tell-unsent'],
      'proceeding request': ['proceeding', 'resend'],
      'proceeding provisional': ['proceeding', 'send'],
      'proceeding final': ['completed', 'send start-J'],
      'proceeding send-failed': ['terminated', 'tell-unsent'],
      'completed request': ['completed', 'resend'],
      'completed send-failed': ['terminated', 'tell-unsent'],
      'completed timer-J': ['terminated', ''],
    },
  );
});

describe('INVITE client transaction', () => {
  check(
    inviteClient,
    ['calling', 'proceeding', 'completed', 'accepted', 'terminated'],
    [
      'request',
      'provisional',
      'success',
      'refusal',
      'send-failed',
      'timer-A',
      'timer-B',
      'timer-D',
      'timer-M',
    ],
    {
      'calling request': ['calling', 'send start-B start-A'],
      'calling timer-A': ['calling', 'resend start-A'],
      'calling timer-B': ['terminated', 'stop-A tell-timeout'],
      'calling provisional': ['proceeding', 'stop-A stop-B pass'],
      'calling success': ['accepted', 'stop-A stop-B pass start-M'],
      'calling refusal': ['completed', 'stop-A stop-B acknowledge pass start-D'],
      'calling send-failed': ['terminated', 'stop-A stop-B tell-unsent'],
      'proceeding provisional': ['proceeding', 'pass'],
      'proceeding success': ['accepted', 'stop-A stop-B pass start-M'],
      'proceeding refusal': ['completed', 'stop-A stop-B acknowledge pass start-D'],
      'proceeding send-failed': ['terminated', 'tell-unsent'],
      'completed refusal': ['completed', 'acknowledge'],
      'completed send-failed': ['terminated', 'tell-unsent'],
      'completed timer-D': ['terminated', ''],
      'accepted success': ['accepted', 'pass'],
      'accepted timer-M': ['terminated', ''],
    },
  );
});

describe('non-INVITE client transaction', () => {
  check(
    nonInviteClient,
    ['trying', 'proceeding', 'completed', 'terminated'],
    ['provisional', 'final', 'send-failed', 'timer-E', 'timer-F', 'timer-K'],
    {
      'trying provisional': ['proceeding', 'pass'],
      'trying final': ['completed', 'stop-E stop-F pass start-K'],
      'trying send-failed': ['terminated', 'stop-E stop-F tell-unsent'],
      'trying timer-E': ['trying', 'resend start-E'],
      'trying timer-F': ['terminated', 'stop-E stop-F tell-timeout'],
      'proceeding provisional': ['proceeding', 'pass'],
      'proceeding final': ['completed', 'stop-E stop-F pass start-K'],
      'proceeding send-failed': ['terminated', 'stop-E stop-F tell-unsent'],
      'proceeding timer-E': ['proceeding', 'resend start-E'],
      'proceeding timer-F': ['terminated', 'stop-E stop-F tell-timeout'],
      'completed timer-K': ['terminated', ''],
    },
  );
});
