/**
 * The SIP port of the node: what the call needs of signalling, and nothing of how it is done. An endpoint listens, answers 100 by
 * itself, absorbs retransmissions, matches ACK, CANCEL and in-dialog requests, resends a 200 until its ACK, and refuses what is
 * malformed. The call decides everything else.
 */

export interface SipSource {
  /** IP literal without brackets, from the transport (never from a header). */
  readonly address: string;
  readonly port: number;
  readonly transport: 'udp' | 'tcp' | 'tls';
}

/** User and host of a URI, escapes undone; either may be empty. */
export interface SipParty {
  readonly user: string;
  readonly host: string;
}

export interface SipHeader {
  readonly name: string;
  readonly value: string;
}

/** An INVITE outside a dialog, parsed and bounded. */
export interface InviteRequest {
  readonly source: SipSource;
  /** Local address and port it arrived at; what the answer must name when nothing else is configured. */
  readonly local: { readonly address: string; readonly port: number };
  /** Monotonic ms at which the first copy arrived. */
  readonly arrivedAtMono: number;
  readonly requestUri: string;
  readonly request: SipParty;
  readonly from: SipParty & { readonly tag: string; readonly displayName: string };
  readonly to: SipParty;
  readonly callId: string;
  /** In their order, long names as written, credentials and nothing else left out. */
  readonly headers: readonly SipHeader[];
  readonly credentials: {
    readonly header: 'authorization' | 'proxy-authorization';
    readonly value: string;
  } | null;
  /** The phone was let in with credentials of the same name before: most likely it will be again. */
  readonly isFamiliar: boolean;
  /** The caller requires that provisional answers arrive (100rel, RFC 3262). */
  readonly requiresReliable: boolean;
  /** Content-Type without parameters, lower-case; empty without body. */
  readonly contentType: string;
  readonly body: Buffer;
}

/** A final or provisional answer by the call. Header values are checked: no CR, LF, NUL or non-Latin-1 gets out. */
export interface SipAnswer {
  readonly status: number;
  readonly phrase: string;
  readonly headers?: readonly SipHeader[];
  readonly body?: { readonly contentType: string; readonly bytes: Buffer };
}

/** What happens to an INVITE and its dialog. Each is called at most once unless said otherwise. */
export interface SipCallEvents {
  /**
   * CANCEL came before a final answer, or the time has passed that the INVITE gave us (Expires). The endpoint has sent 200 to the CANCEL; the call must still answer (487). `reason` is the Reason
   * header (RFC 3326), empty if none: a call answered elsewhere says `SIP;cause=200`.
   */
  onCancel(reason?: string): void;
  /** The ACK of our 200. `body` is an SDP answer when the 200 carried the offer (late offer). */
  onAck(body: Buffer): void;
  /**
   * The 200 was resent for 64*T1 without an ACK, or a provisional answer that must arrive without a PRACK. The call should hang up, or refuse. RFC 3261
   * §13.3.1.4, RFC 3262 §3.
   */
  onAckMissing(): void;
  /** BYE; already answered 200. Ends the dialog. `reason` is the Reason header (RFC 3326), empty if none. */
  onBye(reason: string): void;
  /**
   * A re-INVITE or UPDATE of an answered call (RFC 3261 §14, RFC 3311): hold, resume, another address or codec. Answer at once; a refusal leaves
   * the call as it is. `body` empty: a session refresh, or a re-INVITE that wants an offer of ours. May be called often.
   */
  onReoffer(offered: { readonly contentType: string; readonly body: Buffer }): SipAnswer;
  /**
   * The answer to an offer of ours: in the ACK where the 200 to a re-INVITE had it, in the PRACK where a provisional answer had, in the 200 to a re-INVITE
   * by which we refresh the session.
   */
  onReofferAnswer?(answered: { readonly contentType: string; readonly body: Buffer }): void;
  /** A digit by INFO (application/dtmf-relay, application/dtmf), already answered 200. */
  onDigit?(digit: { readonly digit: string; readonly durationMs: number }): void;
  /** Nobody refreshed the session in time (RFC 4028 §10), or the other side no longer knows it. The call should hang up. */
  onSessionExpired?(): void;
  /** The 200 has made a dialog, or its remote target has moved: what another process would need to end it. */
  onDialog?(state: DialogState): void;
  /** The transport cannot deliver our answer. The call should end itself. */
  onTransportFailed(message: string): void;
}

/** One INVITE and, once answered, its dialog. */
export interface SipCall {
  readonly invite: InviteRequest;
  /** The final answer that went out; null: none yet, also while the 200 waits (`accept`), or silence. */
  readonly finalStatus: number | null;
  /** Tells who hears of events; call it once, synchronously in the invite handler. */
  listen(events: SipCallEvents): void;
  /** The caller is let in by its credentials; say so before anything else. */
  credentialsAreRight(): void;
  /**
   * Sends a 1xx, and says it again while nothing else is said. Ignored after a final answer, and without a body also before our offer where the caller
   * requires that it arrives and has made no offer.
   */
  provisional(answer: SipAnswer): void;
  /**
   * Sends 300-699 and ends the call's life here. Ignored after a final answer.
   * @param isGuess the caller tried a password, and it was wrong. Left out: no
   */
  refuse(answer: SipAnswer, isGuess?: boolean): void;
  /** Sends 200, at once or when a description that must arrive before it has, and resends it until the ACK. Ignored after a final answer. */
  accept(answer: SipAnswer): void;
  /** Says nothing at all, ever, and forgets the transaction. */
  drop(): void;
  /** Ends a call whose 200 went out with BYE; before the ACK it waits for it (RFC 3261 §15). Resolves when it is answered or given up. */
  bye(headers?: readonly SipHeader[]): Promise<void>;
  /** Asks the caller of an answered call to call somebody else (RFC 3515). One at a time. @throws PartError for a URI that is none */
  refer(request: ReferRequest): Promise<ReferOutcome>;
}

/**
 * What a request in a dialog is made of (RFC 3261 §12), as plain data that outlives the process. Credentials and keys are not in it.
 */
export interface DialogState {
  readonly callId: string;
  /** From and To of our requests, each with its tag. */
  readonly from: string;
  readonly to: string;
  /** URI of the other side. */
  readonly target: string;
  /** URIs of the route set, the first hop first. */
  readonly routes: readonly string[];
  /** CSeq number of our last request. */
  readonly localNumber: number;
  /** Where the other side was heard, and on which address of ours. */
  readonly source: SipSource;
  readonly local: { readonly address: string; readonly port: number };
  /** Requests go back to `source`, not where the URIs lead: the other side is behind a NAT. */
  readonly isToSource: boolean;
}

/** How a BYE went. */
export type ByeResult = 'answered' | 'timeout' | 'unsent';

/** How a transfer went. */
export type ReferOutcome =
  /** The new call was answered; the caller will hang up, or we should. */
  | { readonly kind: 'transferred' }
  /** The caller refused to transfer, or whom it called refused: the status says which. The call goes on. */
  | { readonly kind: 'refused'; readonly by: 'caller' | 'target'; readonly status: number }
  /** Nothing final was heard in time. The call goes on. */
  | { readonly kind: 'timeout' }
  /** The call ended meanwhile: with a BYE after the caller had agreed, the transfer most likely went well. */
  | { readonly kind: 'ended'; readonly wasAccepted: boolean };

export interface ReferRequest {
  /** URI that the caller shall call: sip, sips or tel. */
  readonly to: string;
  readonly headers?: readonly SipHeader[];
  /** How long the new call may take, ms; sipReferMs when left out. */
  readonly timeoutMs?: number;
  /** The caller has agreed to make the new call. */
  readonly onAccepted?: () => void;
  /** Hears each status that the caller reports of the new call (100, 180, ...). */
  readonly onProgress?: (status: number) => void;
}

/** An INVITE or OPTIONS outside of any dialog, of which nothing has been made yet. */
export interface NewRequest {
  readonly method: 'INVITE' | 'OPTIONS';
  readonly callId: string;
  readonly fromTag: string;
  /** Who asks: an address, or the /64 of one of IPv6. */
  readonly source: string;
  /** A call of this source was let in lately. */
  readonly isKnown: boolean;
}

export type AdmissionVerdict =
  | { readonly kind: 'take' }
  /** Answered without a transaction and forgotten. */
  | { readonly kind: 'refuse'; readonly bound: string; readonly answer: SipAnswer }
  | { readonly kind: 'silence'; readonly bound: string };

/** An INVITE that was answered 503 because the node had no room: all that is known of it, as nothing was made of it. */
export interface TurnedAwayInvite {
  readonly callId: string;
  readonly fromTag: string;
  readonly fromUser: string;
  readonly toUser: string;
  readonly source: SipSource;
  /** Monotonic ms. */
  readonly arrivedAtMono: number;
  readonly isKnown: boolean;
  readonly bound: string;
  readonly sipStatus: number;
}

export interface SipEndpointEvents {
  /** A new INVITE; 100 has been sent or, to a source that is not known, will be if the call says nothing for `strangerLimits.tryingHoldMs`. Must not throw; must end in refuse, accept or drop. */
  onInvite(call: SipCall): void;
  /** Whether the node has room for what this request asks for; asked before its body is looked at. Left out: always. Must not throw. */
  admit?(request: NewRequest): AdmissionVerdict;
  /** Hears of each INVITE that `admit` refused, once it is answered; under overload often, so it must be cheap or bounded itself. Must not throw. */
  onTurnedAway?(invite: TurnedAwayInvite): void;
}

export interface SipEndpointStats {
  readonly transactions: number;
  readonly dialogs: number;
  readonly refusedByGate: number;
  /** Messages refused before they became a call, by our rule; refusals of the gate among them. */
  readonly refused: Readonly<Record<string, number>>;
}

/** What was said in the last calls, redacted. Ids are Call-IDs, or what `name` gave them. */
export interface LadderBook {
  /** What the node calls a call, and its trace. */
  name(sipCallId: string, callId: string, traceId: string): void;
  /** null: the call is not kept, or no longer. */
  asText(id: string): string | null;
  asJson(id: string): object | null;
}

export interface SipEndpoint {
  /** Binds and starts. @throws when the address is in use, with the address in the message. */
  listen(events: SipEndpointEvents): Promise<{ readonly address: string; readonly port: number }>;
  stats(): SipEndpointStats;
  /** The messages of the last calls. */
  readonly ladders: LadderBook;
  /**
   * Sends BYE in a dialog of an earlier process, which this endpoint knows nothing of. Resolves when it is answered or given up; not at all when
   * the endpoint is closed meanwhile. @throws when `state` holds no URI that can be reached
   */
  endLeftDialog(state: DialogState, headers: readonly SipHeader[]): Promise<ByeResult>;
  /** Stops listening, frees every timer and socket. Dialogs still up are forgotten without BYE. */
  close(): Promise<void>;
}
