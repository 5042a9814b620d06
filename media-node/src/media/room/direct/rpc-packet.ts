/** LiveKit's RPC in data packets, as the one who is asked sees it. Pure. */
import {
  DataPacket,
  DataPacket_Kind,
  RpcAck,
  RpcError,
  type RpcRequest,
  RpcResponse,
} from '@livekit/protocol';
import { type RoomAnswer, type RoomRequest, roomMethods } from '../../media-session.ts';

/** RpcError.ErrorCode.UNSUPPORTED_METHOD of LiveKit's SDKs. */
const unsupportedMethod = 1_400;

export type RpcReading =
  | { readonly kind: 'request'; readonly request: RoomRequest }
  /** A method that a phone does not have. */
  | { readonly kind: 'unsupported'; readonly id: string; readonly caller: string };

/** @param caller identity of the sender, by the server's word */
export function readRpc(rpc: RpcRequest, caller: string): RpcReading {
  const { id, payload } = rpc;
  const method = roomMethods.find((known) => known === rpc.method);
  return method === undefined
    ? { kind: 'unsupported', id, caller }
    : { kind: 'request', request: { id, caller, method, payload } };
}

/** Tells the caller that its request has arrived: without it, it gives up within seconds. */
export function writeAck(id: string, caller: string): Uint8Array {
  return packet(caller, { case: 'rpcAck', value: new RpcAck({ requestId: id }) });
}

export function writeAnswer(id: string, caller: string, answer: RoomAnswer): Uint8Array {
  const value: RpcResponse['value'] =
    'payload' in answer
      ? { case: 'payload', value: answer.payload }
      : { case: 'error', value: new RpcError(answer) };
  return packet(caller, { case: 'rpcResponse', value: new RpcResponse({ requestId: id, value }) });
}

export function writeUnsupported(id: string, caller: string): Uint8Array {
  const message = 'Method not supported at destination';
  return writeAnswer(id, caller, { code: unsupportedMethod, message });
}

function packet(to: string, value: DataPacket['value']): Uint8Array {
  return new DataPacket({
    kind: DataPacket_Kind.RELIABLE,
    destinationIdentities: [to],
    value,
  }).toBinary();
}
