/** Requests and responses of livekit.SIP by RPC name: what this Worker answers itself, inbound only. */
import type { MessageType } from '@bufbuild/protobuf';
import {
  CreateSIPDispatchRuleRequest,
  CreateSIPInboundTrunkRequest,
  DeleteSIPDispatchRuleRequest,
  DeleteSIPTrunkRequest,
  GetSIPInboundTrunkRequest,
  GetSIPInboundTrunkResponse,
  ListSIPDispatchRuleRequest,
  ListSIPDispatchRuleResponse,
  ListSIPInboundTrunkRequest,
  ListSIPInboundTrunkResponse,
  SIPDispatchRuleInfo,
  SIPInboundTrunkInfo,
  SIPTrunkInfo,
} from '@livekit/protocol';

export interface SipRpc {
  readonly request: MessageType;
  readonly response: MessageType;
}

export const sipRpcs: ReadonlyMap<string, SipRpc> = new Map<string, SipRpc>([
  [
    'CreateSIPInboundTrunk',
    { request: CreateSIPInboundTrunkRequest, response: SIPInboundTrunkInfo },
  ],
  [
    'GetSIPInboundTrunk',
    { request: GetSIPInboundTrunkRequest, response: GetSIPInboundTrunkResponse },
  ],
  [
    'ListSIPInboundTrunk',
    { request: ListSIPInboundTrunkRequest, response: ListSIPInboundTrunkResponse },
  ],
  ['DeleteSIPTrunk', { request: DeleteSIPTrunkRequest, response: SIPTrunkInfo }],
  [
    'CreateSIPDispatchRule',
    { request: CreateSIPDispatchRuleRequest, response: SIPDispatchRuleInfo },
  ],
  [
    'ListSIPDispatchRule',
    { request: ListSIPDispatchRuleRequest, response: ListSIPDispatchRuleResponse },
  ],
  [
    'DeleteSIPDispatchRule',
    { request: DeleteSIPDispatchRuleRequest, response: SIPDispatchRuleInfo },
  ],
]);

/** RPCs of the service that Callgate does not do: it brings calls in, it makes none. */
export const outboundRpcs: ReadonlySet<string> = new Set([
  'CreateSIPOutboundTrunk',
  'UpdateSIPOutboundTrunk',
  'GetSIPOutboundTrunk',
  'ListSIPOutboundTrunk',
  'CreateSIPParticipant',
  'TransferSIPParticipant',
]);
