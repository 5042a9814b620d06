/** Digits in LiveKit's data packets. Pure. */
import { DataPacket, DataPacket_Kind, SipDTMF } from '@livekit/protocol';
import { codeOfDigit } from '../dtmf-digits.ts';

/** A digit that the phone sent, for everybody in the room. @param digit one of 0-9, *, #, a-d */
export function writeDigit(digit: string): Uint8Array {
  return new DataPacket({
    kind: DataPacket_Kind.RELIABLE,
    value: { case: 'sipDtmf', value: new SipDTMF({ code: codeOfDigit(digit), digit }) },
  }).toBinary();
}

/** The digits that a participant wants sent to the phone; null: the message is something else, or damaged. */
export function readDigits(message: Uint8Array): string | null {
  try {
    const { value } = DataPacket.fromBinary(message);
    return value.case === 'sipDtmf' && value.value.digit !== '' ? value.value.digit : null;
  } catch {
    // Anybody in the room may send anything.
    return null;
  }
}
