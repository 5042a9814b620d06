/** Everything that stands between a stranger and our state, in one question: may this request go on? */
import { readDigestParameters } from '@callgate/shared/sip/digest-parameters.ts';
import type { Clock } from '../../clock.ts';
import type { SipAnswer } from '../sip-endpoint.ts';
import type { SipRequest } from '../wire/message.ts';
import { FinalAnswers } from './final-answers.ts';
import { type Guesser, Guesses } from './guesses.ts';
import { NonceCounts } from './nonce-counts.ts';
import { phoneKey } from './phone-key.ts';
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
  readonly #guesses: Guesses;

  constructor(clock: Clock) {
    this.#sources = new Sources(clock);
    this.#answers = new FinalAnswers(clock);
    this.#guesses = new Guesses(clock);
    this.#nonceCounts = new NonceCounts(clock);
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

  /** Whether this phone was let in with credentials before, from this source and under the same name. */
  isFamiliar(invite: SipRequest, address: string): boolean {
    const guesser = guesserOf(invite, address);
    return guesser !== null && this.#guesses.isFamiliar(guesser);
  }

  /**
   * The call has let the caller in: it rings, or is answered.
   * @param hasPassword it was let in by its credentials: a trunk that asks for none says nothing of those that it is sent
   */
  welcome(invite: SipRequest, address: string, hasPassword: boolean): void {
    this.#sources.welcome(address);
    const guesser = hasPassword ? guesserOf(invite, address) : null;
    if (guesser !== null) this.#guesses.letIn(guesser);
  }

  /**
   * The call has refused an INVITE.
   * @param isGuess it answered a challenge of its own call, and wrongly: nothing else is held against anybody, as all else can be sent under a forged address
   */
  refused(invite: SipRequest, address: string, answer: SipAnswer, isGuess: boolean): void {
    this.#answers.note(invite, answer);
    if (isGuess) {
      this.#sources.failed(address);
      const guesser = guesserOf(invite, address);
      if (guesser !== null) this.#guesses.failed(guesser);
    }
  }

  /** Strangers are slowed and silenced as sources. */
  #guessRule(request: SipRequest, address: string): string | null {
    if (!this.#sources.isKnown(address)) return null;
    const guesser = guesserOf(request, address);
    return guesser === null ? null : this.#guesses.judge(guesser);
  }
}

/** Longer names are one. */
const nameCharactersMax = 128;

/** null: there are no credentials. */
function guesserOf(request: SipRequest, address: string): Guesser | null {
  const [credentials] = credentialsOf(request);
  if (credentials === undefined) return null;
  const name = readDigestParameters(credentials)?.get('username') ?? '';
  return { address, name: name.slice(0, nameCharactersMax), phone: phoneKey(request) };
}

function credentialsOf({ fields }: SipRequest): readonly string[] {
  return [...fields.all('proxy-authorization'), ...fields.all('authorization')];
}
