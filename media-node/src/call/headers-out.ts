/** Headers that a call adds to its 200, BYE and REFER: the trunk's own, and attributes of the participant as the room has them at that moment. Pure. */
import type { JoinDecision } from '@callgate/shared/contract/decision.ts';
import { sipLimits } from '@callgate/shared/limits.ts';
import { compareFormOfHeaderName } from '@callgate/shared/sip/header-name.ts';
import type { SipHeader } from '../sip/sip-endpoint.ts';

export type HeaderMap = Readonly<Record<string, string>>;

/**
 * An attribute that is not set gives no header; one that is wins over the trunk's own header of that name. Attributes are written by whoever may manage
 * the room, so what they may fill is bounded. What the request at hand wants (`more`) wins over both; the endpoint leaves out what may not be written.
 */
export function headersOut(
  { headers, attributes_to_headers }: JoinDecision,
  attributes: HeaderMap,
  more: HeaderMap = {},
): SipHeader[] {
  const out = new Map<string, SipHeader>();
  for (const [name, value] of Object.entries(headers))
    out.set(compareFormOfHeaderName(name), { name, value });
  let bytesLeft = sipLimits.mappedHeaderBytesMax;
  for (const [attribute, name] of Object.entries(attributes_to_headers)) {
    const value = Object.hasOwn(attributes, attribute) ? (attributes[attribute] ?? '') : '';
    const bytes = Buffer.byteLength(name) + Buffer.byteLength(value);
    if (value === '' || bytes > bytesLeft) continue;
    bytesLeft -= bytes;
    out.set(compareFormOfHeaderName(name), { name, value });
  }
  for (const [name, value] of Object.entries(more))
    out.set(compareFormOfHeaderName(name), { name, value });
  return [...out.values()];
}

/** A map of headers as a list. */
export function listed(headers: HeaderMap): SipHeader[] {
  return Object.entries(headers).map(([name, value]) => ({ name, value }));
}
