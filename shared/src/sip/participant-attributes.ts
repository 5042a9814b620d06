/**
 * The attributes of the SIP participant: those of rule and call, and on top of them what the headers of the
 * INVITE say. Headers are a stranger's text, so what they add is bounded; what rule and call say always
 * stays.
 */
import { SIPHeaderOptions } from '@livekit/protocol';
import { edgeLimits } from '../limits.ts';
import { compareFormOfHeaderName } from './header-name.ts';

export interface SipHeader {
  readonly name: string;
  readonly value: string;
}

export interface ParticipantAttributesInput {
  /** These three as evaluateRule gives them, so that an AcceptCall can be spread in. */
  readonly participantAttributes: ReadonlyMap<string, string>;
  readonly includeHeaders: SIPHeaderOptions;
  readonly headersToAttributes: Readonly<Record<string, string>>;
  /** Headers of the INVITE in their order. */
  readonly inviteHeaders: readonly SipHeader[];
  /** Call-ID and From tag of the INVITE. */
  readonly sipCallId: string;
  readonly fromTag: string;
  readonly callStatus: 'ringing' | 'active';
}

export interface ParticipantAttributes {
  /** None of them has an empty value: LiveKit would drop it. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Attributes from headers that went beyond the bounds of limits.ts, by name; for the log. */
  readonly dropped: readonly string[];
}

/** What providers call their own ids; LiveKit's names for them. */
const providerAttributes: ReadonlyMap<string, string> = new Map([
  ['x-twilio-accountsid', 'sip.twilio.accountSid'],
  ['x-twilio-callsid', 'sip.twilio.callSid'],
  ['x-call_leg_id', 'sip.telnyx.callLegID'],
  ['x-call_session_id', 'sip.telnyx.callSessionID'],
  ['x-amzn-connectcontactid', 'sip.amazon.contactId'],
  ['x-amzn-connectinitialcontactid', 'sip.amazon.initialContactId'],
  ['x-amzn-sourceaccount', 'sip.amazon.sourceAccount'],
  ['x-amzn-sourcearn', 'sip.amazon.sourceArn'],
  ['x-amzn-targetarn', 'sip.amazon.targetArn'],
  ['x-lk-test-id', 'lktest.id'],
]);

/**
 * Puts the attributes together. Of several sources for one attribute the later one wins, in LiveKit's
 * order: rule and call, include_headers, provider, headers_to_attributes, the ids of the SIP call, the
 * provider once more, call status.
 */
export function participantAttributes(input: ParticipantAttributesInput): ParticipantAttributes {
  const headers = input.inviteHeaders;
  const provider = providerHeaders(headers);
  const sources: readonly (readonly [Iterable<readonly [string, string]>, FromHeader])[] = [
    [input.participantAttributes, false],
    [includedHeaders(headers, input.includeHeaders), true],
    [provider, true],
    [mappedHeaders(headers, input.headersToAttributes), true],
    [Object.entries({ 'sip.callTag': input.fromTag, 'sip.callIDFull': input.sipCallId }), false],
    [provider, true],
    [[['sip.callStatus', input.callStatus]], false],
  ];
  const merged = new Map<string, readonly [string, FromHeader]>();
  for (const [attributes, fromHeader] of sources) {
    for (const [name, value] of attributes) {
      // An empty value is dropped by LiveKit, and a header without text must not erase what is known.
      if (fromHeader && value === '') continue;
      merged.delete(name);
      merged.set(name, [value, fromHeader]);
    }
  }
  return withinBounds(merged);
}

/** Whether the value is a stranger's text. */
type FromHeader = boolean;

/** `sip.h.<name>` for X- headers or for all; a repeated header keeps its last value. */
function includedHeaders(
  headers: readonly SipHeader[],
  include: SIPHeaderOptions,
): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  if (include === SIPHeaderOptions.SIP_NO_HEADERS) return attributes;
  for (const { name, value } of headers) {
    const key = compareFormOfHeaderName(name);
    if (include === SIPHeaderOptions.SIP_ALL_HEADERS || key.startsWith('x-')) {
      attributes.set(`sip.h.${key}`, value);
    }
  }
  return attributes;
}

/** The ids that known providers send along. */
function providerHeaders(headers: readonly SipHeader[]): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (const { name, value } of headers) {
    const attribute = providerAttributes.get(compareFormOfHeaderName(name));
    if (attribute !== undefined && !attributes.has(attribute)) attributes.set(attribute, value);
  }
  return attributes;
}

/** headers_to_attributes: of a repeated header the first one counts. */
function mappedHeaders(
  headers: readonly SipHeader[],
  headersToAttributes: Readonly<Record<string, string>>,
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const { name, value } of headers) {
    const key = compareFormOfHeaderName(name);
    if (!values.has(key)) values.set(key, value);
  }
  const attributes = new Map<string, string>();
  for (const [header, attribute] of Object.entries(headersToAttributes)) {
    const value = values.get(compareFormOfHeaderName(header));
    if (value !== undefined && attribute !== '') attributes.set(attribute, value);
  }
  return attributes;
}

/** Everything of rule and call, then headers while there is room, the ones with most precedence first. */
function withinBounds(
  merged: ReadonlyMap<string, readonly [string, FromHeader]>,
): ParticipantAttributes {
  const attributes = new Map<string, string>();
  const dropped: string[] = [];
  let bytes = 0;
  for (const [name, [value, fromHeader]] of merged) {
    if (fromHeader || value === '') continue;
    attributes.set(name, value);
    bytes += byteLength(name) + byteLength(value);
  }
  for (const [name, [value, fromHeader]] of [...merged].reverse()) {
    if (!fromHeader) continue;
    const more = byteLength(name) + byteLength(value);
    const fits =
      attributes.size < edgeLimits.attributesMax &&
      byteLength(value) <= edgeLimits.attributeBytesMax &&
      bytes + more <= edgeLimits.attributesTotalBytesMax;
    if (!fits) {
      dropped.push(name);
      continue;
    }
    attributes.set(name, value);
    bytes += more;
  }
  return { attributes, dropped };
}

/** LiveKit counts bytes of UTF-8. */
function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
