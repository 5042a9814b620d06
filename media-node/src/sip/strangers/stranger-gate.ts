/** Everything that stands between a stranger and our state, in one question: may this request go on? */
import type { Clock } from '../../clock.ts';
import type { SipAnswer } from '../sip-endpoint.ts';
import type { SipRequest } from '../wire/message.ts';
import { Challenges } from './challenges.ts';
import { FinalAnswers } from './final-answers.ts';
import { Guesses } from './guesses.ts';
import { NonceCounts } from './nonce-counts.ts';
import { scannerRule } from './scanner.ts';
import { Sources } from './sources.ts';

export type Admission =
  | { readonly kind: 'admitted' }
  /** Say nothing. */
  | { readonly kind: 'silence'; readonly rule: string }
  /** Say what was said before. */
  | { readonly kind: 'again'; readonly answer: SipAnswer };

export class StrangerGate {
  readonly #sources: Sources;
  readonly #answers: FinalAnswers;
  readonly #nonceCounts: NonceCounts;
  readonly #challenges: Challenges;
  readonly #guesses: Guesses;

  constructor(clock: Clock) {
    this.#sources = new Sources(clock);
    this.#answers = new FinalAnswers(clock);
    this.#guesses = new Guesses(clock);
    this.#nonceCounts = new NonceCounts(clock);
    this.#challenges = new Challenges(clock);
  }

  /** Judges a request that belongs to no dialog and no transaction. @param address where it really comes from */
  judge(request: SipRequest, address: string): Admission {
    const rule =
      this.#sources.admit(address) ?? scannerRule(request) ?? this.#guessRule(request, address);
    if (rule !== null) return { kind: 'silence', rule };
    const answer = request.method === 'INVITE' ? this.#answers.find(request) : null;
    return answer === null ? { kind: 'admitted' } : { kind: 'again', answer };
  }

  /** Whether the credentials of a new INVITE have been shown before: then they count for nothing, and the caller is asked again. */
  isReplay(invite: SipRequest): boolean {
    return credentialsOf(invite).some((credentials) => !this.#nonceCounts.take(credentials));
  }

  /** Bytes that could not be read: they cost as much as a request. @returns false when they are not to be answered */
  judgeUnreadable(address: string): boolean {
    return this.#sources.admit(address) === null;
  }

  /** Whether a call of this source was let in lately. */
  isKnown(address: string): boolean {
    return this.#sources.isKnown(address);
  }

  /** Whether a call of this source has had an answer beyond a 100. */
  hasHeardUs(address: string): boolean {
    return this.#sources.hasHeardUs(address);
  }

  /** The call has let the caller in: it rings, or is answered. */
  welcome(invite: SipRequest, address: string): void {
    this.#sources.welcome(address);
    const name = nameTriedIn(invite);
    if (name !== null && this.#challenges.has(invite)) this.#guesses.letIn(address, name);
  }

  /** The call has refused an INVITE. */
  refused(invite: SipRequest, address: string, answer: SipAnswer): void {
    this.#answers.note(invite, answer);
    this.#sources.answered(address);
    const hadCredentials = credentialsOf(invite).length > 0;
    const isChallenge = answer.status === 401 || answer.status === 407 || answer.status === 403;
    if (hadCredentials && isChallenge) this.#sources.failed(address);
    if (answer.status !== 401 && answer.status !== 407) return;
    const name = nameTriedIn(invite);
    // A nonce fits one call: a password has been judged only where that call was challenged before. And stale means that it was right.
    const wasJudged = this.#challenges.has(invite) && !isStale(answer);
    if (name !== null && wasJudged) this.#guesses.failed(address, name);
    this.#challenges.note(invite);
  }

  /** Strangers are slowed and silenced as sources. */
  #guessRule(request: SipRequest, address: string): string | null {
    const name = nameTriedIn(request);
    if (name === null || !this.#sources.isKnown(address)) return null;
    return this.#guesses.judge(address, name);
  }
}

const nameParameter = /[ ,]username="((?:[^"\\]|\\.){0,128})/i;

/** The user name of the credentials, as written; null: there are none. */
function nameTriedIn(request: SipRequest): string | null {
  const [credentials] = credentialsOf(request);
  return credentials === undefined ? null : (nameParameter.exec(credentials)?.[1] ?? '');
}

/** RFC 7616 §3.3: the answer was right, its nonce too old. */
function isStale({ headers = [] }: SipAnswer): boolean {
  return headers.some(({ value }) => /[ ,]stale=true(?![a-z])/i.test(value));
}

function credentialsOf({ fields }: SipRequest): readonly string[] {
  return [...fields.all('proxy-authorization'), ...fields.all('authorization')];
}
