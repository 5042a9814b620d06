/**
 * A stored trunk without its numbers. A bucket of numbers shows hundreds of trunks and only the fact that each has numbers: decoding the thousands of
 * texts behind that was most of the work of a change.
 */
import { BinaryReader } from '@bufbuild/protobuf';
import { SIPInboundTrunkInfo } from '@livekit/protocol';

const numbersField = SIPInboundTrunkInfo.fields.list().find(({ name }) => name === 'numbers')?.no;

/** @param message SIPInboundTrunkInfo, as protobuf */
export function withoutNumbers(message: Uint8Array): { message: Uint8Array; numbers: number } {
  const reader = new BinaryReader(message);
  const kept: Uint8Array[] = [];
  let numbers = 0;
  while (reader.pos < reader.len) {
    const from = reader.pos;
    const [field, wireType] = reader.tag();
    reader.skip(wireType);
    if (field === numbersField) numbers += 1;
    else kept.push(message.subarray(from, reader.pos));
  }
  return { message: Buffer.concat(kept), numbers };
}
