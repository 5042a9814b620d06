/** LiveKit's data packets as far as a phone has a use for them: digits, and requests (RPC). Pure. */
import { DataPacket, DataPacket_Kind, SipDTMF } from '@livekit/protocol';
import { codeOfDigit } from '../dtmf-digits.ts';
import { type RpcReading, readRpc } from './rpc-packet.ts';

export type PacketReading =
  /** A participant wants them sent to the phone. */
  { readonly kind: 'digits'; readonly digits: string } | RpcReading;

/** A digit that the phone sent, for everybody in the room. @param digit one of 0-9, *, #, a-d */
export function writeDigit(digit: string): Uint8Array {
  return new DataPacket({
    kind: DataPacket_Kind.RELIABLE,
    value: { case: 'sipDtmf', value: new SipDTMF({ code: codeOfDigit(digit), digit }) },
  }).toBinary();
}

/** null: the message is something else, or damaged. */
export function readPacket(message: Uint8Array): PacketReading | null {
  try {
    const { value, participantIdentity } = DataPacket.fromBinary(message);
    if (value.case === 'sipDtmf' && value.value.digit !== '')
      return { kind: 'digits', digits: value.value.digit };
    return value.case === 'rpcRequest' ? readRpc(value.value, participantIdentity) : null;
  } catch {
    // Anybody in the room may send anything.
    return null;
  }
}
