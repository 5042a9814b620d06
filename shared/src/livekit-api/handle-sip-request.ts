/**
 * The requests of livekit.SIP that Callgate answers, by name: the types on the wire and what each does to
 * what is stored. Authentication, encodings and storage are the edge's.
 */
import type { AnyMessage, Message, MessageType } from '@bufbuild/protobuf';
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
  ListSIPTrunkRequest,
  ListSIPTrunkResponse,
  SIPDispatchRuleInfo,
  SIPInboundTrunkInfo,
  SIPTrunkInfo,
  UpdateSIPDispatchRuleRequest,
  UpdateSIPInboundTrunkRequest,
} from '@livekit/protocol';
import type { ApiAnswer } from './api-answer.ts';
import {
  handleCreateSIPDispatchRule,
  handleDeleteSIPDispatchRule,
  handleListSIPDispatchRule,
  handleUpdateSIPDispatchRule,
} from './dispatch-rules.ts';
import {
  handleCreateSIPInboundTrunk,
  handleDeleteSIPTrunk,
  handleGetSIPInboundTrunk,
  handleListSIPInboundTrunk,
  handleListSIPTrunk,
  handleUpdateSIPInboundTrunk,
} from './inbound-trunks.ts';
import type { StoredRouting } from './stored-routing.ts';

/** Makes an id that no object has yet. */
export type NewId = (prefix: 'ST_' | 'SDR_') => string;

export interface SipRpc {
  readonly request: MessageType;
  readonly response: MessageType;
  /** @throws TypeError when the message is not of the type `request` */
  readonly handle: (
    stored: StoredRouting,
    request: AnyMessage,
    newId: NewId,
  ) => ApiAnswer<AnyMessage>;
}

/** The RPCs by name, as in the path `/twirp/livekit.SIP/<name>`. */
export const sipRpcs: ReadonlyMap<string, SipRpc> = new Map([
  rpc(
    'CreateSIPInboundTrunk',
    CreateSIPInboundTrunkRequest,
    SIPInboundTrunkInfo,
    (stored, request, newId) => handleCreateSIPInboundTrunk(stored, request, newId('ST_')),
  ),
  rpc(
    'UpdateSIPInboundTrunk',
    UpdateSIPInboundTrunkRequest,
    SIPInboundTrunkInfo,
    handleUpdateSIPInboundTrunk,
  ),
  rpc(
    'GetSIPInboundTrunk',
    GetSIPInboundTrunkRequest,
    GetSIPInboundTrunkResponse,
    handleGetSIPInboundTrunk,
  ),
  rpc(
    'ListSIPInboundTrunk',
    ListSIPInboundTrunkRequest,
    ListSIPInboundTrunkResponse,
    handleListSIPInboundTrunk,
  ),
  rpc('ListSIPTrunk', ListSIPTrunkRequest, ListSIPTrunkResponse, handleListSIPTrunk),
  rpc('DeleteSIPTrunk', DeleteSIPTrunkRequest, SIPTrunkInfo, handleDeleteSIPTrunk),
  rpc(
    'CreateSIPDispatchRule',
    CreateSIPDispatchRuleRequest,
    SIPDispatchRuleInfo,
    (stored, request, newId) => handleCreateSIPDispatchRule(stored, request, newId('SDR_')),
  ),
  rpc(
    'UpdateSIPDispatchRule',
    UpdateSIPDispatchRuleRequest,
    SIPDispatchRuleInfo,
    handleUpdateSIPDispatchRule,
  ),
  rpc(
    'ListSIPDispatchRule',
    ListSIPDispatchRuleRequest,
    ListSIPDispatchRuleResponse,
    handleListSIPDispatchRule,
  ),
  rpc(
    'DeleteSIPDispatchRule',
    DeleteSIPDispatchRuleRequest,
    SIPDispatchRuleInfo,
    handleDeleteSIPDispatchRule,
  ),
]);

function rpc<Request extends Message<Request>, Response extends Message<Response>>(
  name: string,
  request: MessageType<Request>,
  response: MessageType<Response>,
  handle: (stored: StoredRouting, request: Request, newId: NewId) => ApiAnswer<Response>,
): readonly [string, SipRpc] {
  const isRequest = (message: AnyMessage): message is Request =>
    message.getType().typeName === request.typeName;
  return [
    name,
    {
      request,
      response,
      handle: (stored, message, newId) => {
        if (isRequest(message)) return handle(stored, message, newId);
        throw new TypeError(`${name} takes ${request.typeName}, got ${message.getType().typeName}`);
      },
    },
  ];
}
