/**
 * What one call speaks, from the SDP side: the description last agreed on, and every description of ours that went out. Reads offers, gives
 * answers with a version that goes up (RFC 3264 §8), keeps what stands when an offer is refused (RFC 3261 §14.2). It touches no sound; the
 * stream it settles goes to the media session.
 */
import { randomInt } from 'node:crypto';
import type { MediaPolicy } from '@callgate/shared/contract/decision.ts';
import type { PhoneStream } from '../media/media-session.ts';
import {
  type Agreement,
  allowedCodecs,
  type Disagreement,
  hasKnownCodec,
  type NodeMedia,
  negotiate,
} from '../sdp/negotiate.ts';
import { parseSdp } from '../sdp/parse-sdp.ts';
import { type CryptoOffer, srtpKeyBytes } from '../sdp/sdes.ts';
import { type LocalMedia, type Standing, writeAnswer, writeOffer } from '../sdp/write-sdp.ts';
import type { SipAnswer } from '../sip/sip-endpoint.ts';

/** A body as it came, with its type. */
export interface SdpBody {
  /** Content-Type without parameters, lower-case; empty without body. */
  readonly contentType: string;
  readonly body: Buffer;
}

/** A description of ours, as a SIP body. */
export type SdpDescription = NonNullable<SipAnswer['body']>;

export class CallMedia {
  readonly #node: NodeMedia;
  readonly #peer: string;
  readonly #sessionId = String(randomInt(1, 2 ** 47));
  #version = 0;
  #agreed: Standing | null = null;
  /** Our keys in an offer before anything was agreed on, one for each suite. */
  #offeredKeys: readonly CryptoOffer[] = [];
  /** The answer that went out to it. */
  #answered: { readonly agreed: Standing; readonly description: SdpDescription } | null = null;

  /** @param peer address that the INVITE came from: who is told our address */
  constructor(node: NodeMedia, peer: string) {
    this.#node = node;
    this.#peer = peer;
  }

  /** The stream last agreed on; null before. */
  get stream(): PhoneStream | null {
    return this.#agreed?.agreement.stream ?? null;
  }

  /** Settles an offer, or says why not; then what was agreed before still stands. */
  settle(offered: SdpBody, policy: MediaPolicy): { readonly kind: 'agreed' } | Disagreement {
    if (offered.body.length === 0) {
      return { kind: 'refused', reason: 'bad-sdp', explanation: 'The request has no body.' };
    }
    if (offered.contentType !== 'application/sdp') {
      return {
        kind: 'refused',
        reason: 'unsupported-media-type',
        explanation: `The body is ${offered.contentType}; expected application/sdp.`,
      };
    }
    const reading = parseSdp(offered.body);
    if (reading.kind === 'fault') {
      return { kind: 'refused', reason: 'bad-sdp', explanation: `SDP: ${reading.message}.` };
    }
    const agreement = negotiate(reading.session, policy, this.#node);
    if (agreement.kind === 'refused') return agreement;
    this.#agreed = { offer: reading.session, agreement: this.#withOurKey(agreement) };
    return { kind: 'agreed' };
  }

  /**
   * Our key stays while the suite does: a new one begins its counters anew, in the middle of a stream (RFC 3711 §3.3.1). Of an offer of ours it is the one of the
   * suite that was taken.
   */
  #withOurKey(agreement: Agreement): Agreement {
    const before = this.stream?.srtp ?? null;
    const { srtp } = agreement.stream;
    if (srtp === null) return agreement;
    const offered = this.#agreed === null ? this.#offeredKeys : [];
    const kept =
      before?.suite === srtp.suite
        ? before.sendKey
        : offered.find(({ suite }) => suite === srtp.suite)?.key;
    if (kept === undefined) return agreement;
    return { ...agreement, stream: { ...agreement.stream, srtp: { ...srtp, sendKey: kept } } };
  }

  /** Whether an INVITE with this body may come to a stream, as far as can be said before the policy is known: what media may be opened ahead for. */
  mayAgree({ body }: SdpBody): boolean {
    if (body.length === 0) return true;
    const reading = parseSdp(body);
    return reading.kind === 'session' && hasKnownCodec(reading.session, this.#node);
  }

  /** Whether there is anything to offer when the INVITE has no offer of its own (late offer). */
  canOffer(policy: MediaPolicy): { readonly kind: 'agreed' } | Disagreement {
    if (policy.encryption === 'require' && this.#node.srtpSuites.length === 0) {
      const explanation = 'media.encryption is require; this node speaks no SRTP.';
      return { kind: 'refused', reason: 'media-encryption-mismatch', explanation };
    }
    if (allowedCodecs(policy, this.#node).size > 0) return { kind: 'agreed' };
    return {
      kind: 'refused',
      reason: 'no-common-codec',
      explanation: 'The policy allows no codec of this node.',
    };
  }

  /** An offer of ours: every codec that the policy allows, encrypted where the call is or has to be. */
  offer(local: LocalMedia, policy: MediaPolicy): SdpDescription {
    this.#version += 1;
    const origin = { sessionId: this.#sessionId, version: this.#version };
    const codecs = [...allowedCodecs(policy, this.#node)];
    if (policy.encryption === 'require' && this.#offeredKeys.length === 0)
      this.#offeredKeys = this.#newKeys();
    const bytes = writeOffer(codecs, this.#seen(local), origin, this.#agreed, this.#offeredKeys);
    return { contentType: 'application/sdp', bytes };
  }

  /** One crypto line for each suite of this node, which answers by its tag (RFC 4568 §5.1.1). */
  #newKeys(): readonly CryptoOffer[] {
    return this.#node.srtpSuites.map((suite, index) => ({
      tag: String(index + 1),
      suite,
      key: this.#node.newKey(srtpKeyBytes[suite]),
    }));
  }

  /** Our answer to the offer last settled; null when none was. Asked again it is the same: what a 183 has said the 200 repeats (RFC 3261 §13.2.1). */
  answer(local: LocalMedia): SdpDescription | null {
    if (this.#agreed === null) return null;
    if (this.#answered?.agreed === this.#agreed) return this.#answered.description;
    const description = this.#write(this.#agreed, local);
    this.#answered = { agreed: this.#agreed, description };
    return description;
  }

  #write({ offer, agreement }: Standing, local: LocalMedia): SdpDescription {
    this.#version += 1;
    const origin = { sessionId: this.#sessionId, version: this.#version };
    const bytes = writeAnswer(offer, agreement, this.#seen(local), origin);
    return { contentType: 'application/sdp', bytes };
  }

  /** Our address as the peer can reach it. */
  #seen({ address, port }: LocalMedia): LocalMedia {
    return { address: this.#node.advertised?.for(this.#peer) ?? address, port };
  }
}
