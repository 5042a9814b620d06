/**
 * Session timers (RFC 4028): both sides agree on an interval, one refreshes the session at half of it, and who hears no refresh in time
 * hangs up. So a call whose other side has lost its power ends, media or not.
 */
import { sipSession } from '@callgate/shared/limits.ts';
import type { Clock, Timer } from '../../clock.ts';
import { readDigits } from '../wire/characters.ts';
import { plainList, type SipMessage } from '../wire/message.ts';
import { readParameters } from '../wire/parameters.ts';
import type { Row } from '../wire/write-message.ts';

export type Refresher = 'us' | 'peer';

export type SessionAgreement =
  /** The peer does not know session timers, and nobody asks for them. */
  | { readonly kind: 'none' }
  /** 422 with these rows. §9. */
  | { readonly kind: 'too-small'; readonly rows: readonly Row[] }
  /** The 2xx carries these rows. */
  | {
      readonly kind: 'agreed';
      readonly intervalS: number;
      readonly refresher: Refresher;
      readonly rows: readonly Row[];
    };

const minRow: Row = ['Min-SE', String(sipSession.minS)];

/** What a UAS answers to an INVITE, re-INVITE or UPDATE. §9, table 2. */
export function agreeSession(request: SipMessage): SessionAgreement {
  const isKnown = plainList(request, 'supported').includes('timer');
  const asked = readSessionExpires(request.plain.get('session-expires'));
  if (asked === null && !isKnown) return { kind: 'none' };
  if (asked !== null && asked.intervalS < sipSession.minS && isKnown) {
    return { kind: 'too-small', rows: [minRow] };
  }
  const theirMinS = readDigits((request.plain.get('min-se') ?? '').split(';')[0] ?? '', 9) ?? 0;
  const floorS = Math.min(Math.max(sipSession.minS, theirMinS), sipSession.maxS);
  const wantedS = Math.min(asked?.intervalS ?? sipSession.intervalS, sipSession.intervalS);
  const intervalS = Math.max(wantedS, floorS);
  // Who asked may name the refresher; else it is the caller, if it knows how.
  const isPeer = isKnown && asked?.refresher !== 'uas';
  const expires = `${intervalS};refresher=${isPeer ? 'uac' : 'uas'}`;
  const rows: Row[] = [['Session-Expires', expires]];
  if (isPeer) rows.push(['Require', 'timer']);
  return { kind: 'agreed', intervalS, refresher: isPeer ? 'peer' : 'us', rows };
}

/** What our refresh asks for: the interval agreed on, and that we go on refreshing. §7.4. */
export function refreshRows(intervalS: number): Row[] {
  return [
    ['Session-Expires', `${intervalS};refresher=uac`],
    ['Min-SE', String(sipSession.minS)],
    ['Supported', 'timer'],
  ];
}

/** What the answer to our refresh settled; null when the peer wants no timer any more. §7.2. */
export function settledSession(
  response: SipMessage,
): { readonly intervalS: number; readonly refresher: Refresher } | null {
  const settled = readSessionExpires(response.plain.get('session-expires'));
  if (settled === null) return null;
  const intervalS = Math.min(Math.max(settled.intervalS, sipSession.minS), sipSession.maxS);
  return { intervalS, refresher: settled.refresher === 'uas' ? 'peer' : 'us' };
}

interface SessionExpires {
  readonly intervalS: number;
  readonly refresher: string | null;
}

/** `1800;refresher=uas`; null for what is none, which is ignored as if absent. */
function readSessionExpires(text: string | undefined): SessionExpires | null {
  if (text === undefined) return null;
  const end = text.search(/[; ]|$/);
  const intervalS = readDigits(text.slice(0, end), 9);
  const parameters = readParameters(text, end);
  if (intervalS === null || parameters === null) return null;
  return { intervalS, refresher: parameters.get('refresher')?.toLowerCase() ?? null };
}

/** The clock of one session: tells when to refresh, or that nobody has. */
export class SessionTimer {
  readonly #clock: Clock;
  readonly #onRefreshDue: () => void;
  readonly #onExpired: () => void;
  #due: Timer | null = null;
  #expiry: Timer | null = null;

  constructor(clock: Clock, onRefreshDue: () => void, onExpired: () => void) {
    this.#clock = clock;
    this.#onRefreshDue = onRefreshDue;
    this.#onExpired = onExpired;
  }

  /** Starts anew after an agreement or a refresh. */
  restart(intervalS: number, refresher: Refresher): void {
    this.stop();
    // §10: hang up a little before the interval ends, so that the BYE still finds the proxies' state.
    const graceS = Math.min(32, intervalS / 3);
    this.#expiry = this.#clock.after((intervalS - graceS) * 1_000, () => {
      this.stop();
      this.#onExpired();
    });
    if (refresher === 'us') {
      this.#due = this.#clock.after((intervalS / 2) * 1_000, () => this.#onRefreshDue());
    }
  }

  stop(): void {
    this.#due?.cancel();
    this.#expiry?.cancel();
    this.#due = null;
    this.#expiry = null;
  }
}
