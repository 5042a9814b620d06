/** A SIP leg for tests: notes what the call says and lets a test play the caller. */
import type {
  InviteRequest,
  ReferOutcome,
  ReferRequest,
  SipAnswer,
  SipCall,
  SipCallEvents,
  SipHeader,
} from './sip-endpoint.ts';

const sdp = [
  'v=0',
  'o=- 1 1 IN IP4 192.0.2.7',
  's=-',
  'c=IN IP4 192.0.2.7',
  't=0 0',
  'm=audio 4000 RTP/AVP 0 101',
  'a=rtpmap:101 telephone-event/8000',
  '',
].join('\r\n');

export const inviteExample: InviteRequest = {
  source: { address: '192.0.2.7', port: 5060, transport: 'udp' },
  local: { address: '192.0.2.1', port: 5060 },
  arrivedAtMono: 0,
  requestUri: 'sip:+15550100@192.0.2.1',
  request: { user: '+15550100', host: '192.0.2.1' },
  from: { user: '+15550199', host: '192.0.2.7', tag: 'a1', displayName: '' },
  to: { user: '+15550100', host: '192.0.2.1' },
  callId: 'call-1@192.0.2.7',
  headers: [{ name: 'X-Ticket', value: '4711' }],
  credentials: null,
  isFamiliar: false,
  requiresReliable: false,
  contentType: 'application/sdp',
  body: Buffer.from(sdp),
};

export class FakeSipCall implements SipCall {
  readonly invite: InviteRequest;
  readonly said: string[] = [];
  readonly answers: SipAnswer[] = [];
  /** Whether the caller was let in by its credentials. */
  hasPassword = false;
  /** Whether the refusal was of a wrong password. */
  wasGuess = false;
  /** Whether the 200 waits for a PRACK. */
  holdsAnswer = false;
  finalStatus: number | null = null;
  events: SipCallEvents | null = null;
  /** What `refer` comes to. */
  referOutcome: ReferOutcome = { kind: 'transferred' };

  constructor(invite: Partial<InviteRequest> = {}) {
    this.invite = { ...inviteExample, ...invite };
  }

  listen(events: SipCallEvents): void {
    this.events = events;
  }

  credentialsAreRight(): void {
    this.hasPassword = true;
  }

  provisional(answer: SipAnswer): void {
    this.#note(answer);
  }

  refuse(answer: SipAnswer, isGuess = false): void {
    this.wasGuess = isGuess;
    this.#note(answer);
  }

  accept(answer: SipAnswer): void {
    if (this.holdsAnswer) return;
    this.#note(answer);
    const { callId, source, local } = this.invite;
    const ends = { from: '<sip:b>;tag=b1', to: '<sip:a>;tag=a1', target: 'sip:a', routes: [] };
    this.events?.onDialog?.({
      ...ends,
      callId,
      source,
      local,
      localNumber: 1,
      isToSource: false,
    });
  }

  drop(): void {
    this.said.push('nothing');
  }

  async bye(headers: readonly SipHeader[] = []): Promise<void> {
    this.said.push(['BYE', ...headers.map(({ name, value }) => `${name}: ${value}`)].join(' '));
  }

  async refer({ to }: ReferRequest): Promise<ReferOutcome> {
    this.said.push(`REFER ${to}`);
    return this.referOutcome;
  }

  #note(answer: SipAnswer): void {
    this.said.push(`${answer.status}`);
    this.answers.push(answer);
    if (answer.status >= 200) this.finalStatus = answer.status;
  }
}
