/**
 * SIPTrunkInfo, the trunk of LiveKit's first SIP API: what became of it when inbound and outbound were
 * taken apart, and the way back for ListSIPTrunk.
 */
import { SIPInboundTrunkInfo, SIPTrunkInfo, SIPTrunkInfo_TrunkKind } from '@livekit/protocol';

/** The inbound half of a legacy trunk. Patterns of callers (`inbound_numbers_regex`) are dropped. */
export function inboundFromLegacy(trunk: SIPTrunkInfo): SIPInboundTrunkInfo {
  return new SIPInboundTrunkInfo({
    sipTrunkId: trunk.sipTrunkId,
    name: trunk.name,
    metadata: trunk.metadata,
    numbers: trunk.outboundNumber === '' ? [] : [trunk.outboundNumber],
    allowedAddresses: trunk.inboundAddresses,
    allowedNumbers: trunk.inboundNumbers,
    authUsername: trunk.inboundUsername,
    authPassword: trunk.inboundPassword,
  });
}

/** An inbound trunk as ListSIPTrunk shows it. The old form has room for the first number only. */
export function legacyFromInbound(trunk: SIPInboundTrunkInfo): SIPTrunkInfo {
  return new SIPTrunkInfo({
    sipTrunkId: trunk.sipTrunkId,
    kind: SIPTrunkInfo_TrunkKind.TRUNK_INBOUND,
    name: trunk.name,
    metadata: trunk.metadata,
    outboundNumber: trunk.numbers[0] ?? '',
    inboundAddresses: trunk.allowedAddresses,
    inboundNumbers: trunk.allowedNumbers,
    inboundUsername: trunk.authUsername,
    inboundPassword: trunk.authPassword,
  });
}
