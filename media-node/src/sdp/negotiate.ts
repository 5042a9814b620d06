/**
 * Choosing what a call will speak (RFC 3264 §6): the first audio stream of an offer that we can take, the first codec in the
 * order of the offer that node and media policy allow, telephone events beside it. Pure. The answer is written by write-sdp.ts.
 */

import type { OutcomeReason } from '@callgate/shared/call/outcome.ts';
import type { MediaPolicy } from '@callgate/shared/contract/decision.ts';
import type { AdvertisedHosts } from '../advertised-hosts.ts';
import type { PhoneCodecName, PhoneStream } from '../media/media-session.ts';
import { fmtpOf, readPayloadType, rtpmapOf, telephoneEventOf } from './formats.ts';
import { opusWishes } from './opus-wishes.ts';
import { packetTimeMs } from './packet-time.ts';
import {
  attributeOf,
  type SdpConnection,
  type SdpMedia,
  type SessionDescription,
} from './parse-sdp.ts';
import { type CryptoOffer, cryptoOffers, type SrtpSuite, srtpKeyBytes } from './sdes.ts';

/** A codec as it stands in SDP. */
export interface PhoneCodec {
  readonly name: PhoneCodecName;
  /** RTP clock, Hz; G.722 says 8000 for historical reasons (RFC 3551 §4.5.2). */
  readonly clockRateHz: number;
  /** Static payload type (RFC 3551 §6), used when the offer has no rtpmap; null: dynamic only. */
  readonly staticPayloadType: number | null;
  /** Channels in rtpmap; 2 for Opus always (RFC 7587 §7). */
  readonly channels: number;
}

/** What a phone may speak to us, by name. */
export const phoneCodecs: Readonly<Record<PhoneCodecName, PhoneCodec>> = {
  PCMU: { name: 'PCMU', clockRateHz: 8_000, staticPayloadType: 0, channels: 1 },
  PCMA: { name: 'PCMA', clockRateHz: 8_000, staticPayloadType: 8, channels: 1 },
  G722: { name: 'G722', clockRateHz: 8_000, staticPayloadType: 9, channels: 1 },
  opus: { name: 'opus', clockRateHz: 48_000, staticPayloadType: null, channels: 2 },
};

/** A negotiated stream and which media line of the offer it answers. */
export interface Agreement {
  readonly kind: 'agreed';
  readonly mediaIndex: number;
  readonly stream: PhoneStream;
  /** Tag of the crypto line that was taken; null: plain RTP. */
  readonly cryptoTag: string | null;
}

export interface Disagreement {
  readonly kind: 'refused';
  readonly reason: OutcomeReason;
  readonly explanation: string;
}

/** What this node can do, whatever the policy says. */
export interface NodeMedia {
  readonly codecs: readonly PhoneCodecName[];
  /** SRTP suites this node speaks; empty: none. */
  readonly srtpSuites: readonly SrtpSuite[];
  /** Fresh random bytes for a master key and salt. */
  readonly newKey: (bytes: number) => Buffer;
  /** Of the address that media is bound to; any when absent. */
  readonly family?: SdpConnection['family'];
  /** Address that descriptions name, by who is told; the one that the socket has when absent. */
  readonly advertised?: AdvertisedHosts;
}

/** Settles an offer under a policy. Never throws; a refusal carries the reason of the outcome table. */
export function negotiate(
  session: SessionDescription,
  policy: MediaPolicy,
  node: NodeMedia,
): Agreement | Disagreement {
  let refusal: Disagreement = refused('bad-sdp', 'The offer has no audio stream with a port.');
  for (const [mediaIndex, media] of session.media.entries()) {
    if (media.type !== 'audio' || media.port === 0) continue;
    const result = negotiateMedia(session, media, policy, node);
    if (result.kind === 'stream') {
      return { kind: 'agreed', mediaIndex, stream: result.stream, cryptoTag: result.cryptoTag };
    }
    refusal = result;
  }
  return refusal;
}

/** Whether an offer has an audio stream with a codec of this node: what has none comes to nothing whatever the policy is. */
export function hasKnownCodec({ media }: SessionDescription, { codecs }: NodeMedia): boolean {
  const known = new Set(codecs);
  return media.some(
    (one) => one.type === 'audio' && one.port !== 0 && chooseCodec(one, known) !== null,
  );
}

interface AgreedStream {
  readonly kind: 'stream';
  readonly stream: PhoneStream;
  readonly cryptoTag: string | null;
}

function negotiateMedia(
  session: SessionDescription,
  media: SdpMedia,
  policy: MediaPolicy,
  node: NodeMedia,
): AgreedStream | Disagreement {
  const encryption = chooseEncryption(media, policy, node);
  if (encryption.kind === 'refused') return encryption;
  if (media.connection === null) return refused('bad-sdp', 'The audio stream has no c= line.');
  const { family } = media.connection;
  if (node.family !== undefined && family !== node.family) {
    const explanation = `The audio stream is at an ${family} address; media of this node is ${node.family}.`;
    return refused('bad-sdp', explanation);
  }
  const allowed = allowedCodecs(policy, node);
  const codec = chooseCodec(media, allowed);
  if (codec === null) {
    const offered = media.formats.slice(0, 16).join(' ');
    return refused(
      'no-common-codec',
      `The offer has payload types ${offered}; allowed are ${[...allowed].join(', ')}.`,
    );
  }
  const { clockRateHz } = phoneCodecs[codec.name];
  const { crypto } = encryption;
  const stream: PhoneStream = {
    codec: codec.name,
    payloadType: codec.payloadType,
    clockRateHz,
    telephoneEvent: telephoneEventOf(media, clockRateHz),
    ptimeMs: packetTimeMs(
      codec.name,
      attributeOf(session, media, 'ptime'),
      attributeOf(session, media, 'maxptime'),
    ),
    opus: codec.name === 'opus' ? opusWishes(fmtpOf(media, codec.payloadType)) : null,
    remote: { address: media.connection.address, port: media.port },
    srtp:
      crypto === null
        ? null
        : {
            suite: crypto.suite,
            receiveKey: crypto.key,
            sendKey: node.newKey(srtpKeyBytes[crypto.suite]),
          },
    ...directionOf(session, media),
  };
  return { kind: 'stream', stream, cryptoTag: crypto?.tag ?? null };
}

/** Those with feedback (RFC 4585, RFC 5124) only allow reports sooner, which nobody has to send. */
const plainProfiles = ['RTP/AVP', 'RTP/AVPF'];
export const secureProfiles = ['RTP/SAVP', 'RTP/SAVPF'];

/**
 * Plain RTP or SRTP. `disable` takes plain RTP only, `require` SRTP only, `allow` what the offer has: SRTP when there is a crypto line we
 * can use, whatever the m= line calls it; plain RTP otherwise, where that does not ask for SRTP.
 */
function chooseEncryption(
  media: SdpMedia,
  policy: MediaPolicy,
  node: NodeMedia,
): { readonly kind: 'chosen'; readonly crypto: CryptoOffer | null } | Disagreement {
  const isSecure = secureProfiles.includes(media.protocol);
  if (!plainProfiles.includes(media.protocol) && !isSecure) {
    return refused(
      'media-encryption-mismatch',
      `The offer wants ${media.protocol}; a call speaks RTP/AVP or RTP/SAVP.`,
    );
  }
  const [crypto = null] =
    policy.encryption === 'disable' ? [] : cryptoOffers(media, node.srtpSuites);
  if (crypto !== null) return { kind: 'chosen', crypto };
  if (isSecure || policy.encryption === 'require') {
    return refused(
      'media-encryption-mismatch',
      `media.encryption is ${policy.encryption}; the offer is ${media.protocol} without a crypto line that can be taken.`,
    );
  }
  return { kind: 'chosen', crypto: null };
}

/**
 * Which codecs a call may use. A list in the policy narrows the node's codecs when `only_listed_codecs` is set; without it
 * the list adds nothing that the node does not have anyway.
 */
export function allowedCodecs(policy: MediaPolicy, node: NodeMedia): ReadonlySet<PhoneCodecName> {
  if (!policy.only_listed_codecs) return new Set(node.codecs);
  return new Set(
    node.codecs.filter((name) =>
      policy.codecs.some(
        (listed) =>
          listed.name.toLowerCase() === name.toLowerCase() &&
          (listed.rate === 0 || listed.rate === phoneCodecs[name].clockRateHz),
      ),
    ),
  );
}

/** The first payload type of the m= line that names an allowed codec: the caller's order decides (RFC 3264 §6.1). */
function chooseCodec(
  media: SdpMedia,
  allowed: ReadonlySet<PhoneCodecName>,
): { readonly name: PhoneCodecName; readonly payloadType: number } | null {
  for (const format of media.formats) {
    const payloadType = readPayloadType(format);
    if (payloadType === null) continue;
    const mapped = rtpmapOf(media, payloadType);
    for (const name of allowed) {
      const codec = phoneCodecs[name];
      const fits =
        mapped === null
          ? payloadType === codec.staticPayloadType
          : mapped.encoding === name.toLowerCase() && mapped.clockRateHz === codec.clockRateHz;
      if (fits) return { name, payloadType };
    }
  }
  return null;
}

/** The caller's direction seen from us; c=0.0.0.0 is hold as RFC 2543 did it (RFC 3264 §8.4). */
function directionOf(
  session: SessionDescription,
  media: SdpMedia,
): { readonly send: boolean; readonly receive: boolean } {
  const has = (name: string) => attributeOf(session, media, name) !== null;
  const isOwn = (name: string) => media.attributes.some((attribute) => attribute.name === name);
  const order = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];
  const direction = order.find(isOwn) ?? order.find(has) ?? 'sendrecv';
  const isUnspecified =
    media.connection?.address === '0.0.0.0' || media.connection?.address === '::';
  return {
    send: (direction === 'sendrecv' || direction === 'recvonly') && !isUnspecified,
    receive: direction === 'sendrecv' || direction === 'sendonly',
  };
}

function refused(reason: OutcomeReason, explanation: string): Disagreement {
  return { kind: 'refused', reason, explanation };
}
