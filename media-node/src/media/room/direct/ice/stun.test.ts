import { describe, expect, it } from 'vitest';
import { isStun, readStun, writeCheck, writeSuccess } from './stun.ts';

const password = 'VOkJxbRl1RmTxUk/WvJxBt';
/** RFC 5769 §2.1. */
const sampleRequest = Buffer.from(
  '000100582112a442b7e7a701bc34d686fa87dfae' +
    '802200105354554e207465737420636c69656e74' +
    '002400046e0001ff80290008932ff9b151263b36' +
    '000600096576746a3a68367659202020' +
    '000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2' +
    '80280004e57a3bcf',
  'hex',
);
/** RFC 5769 §2.2. */
const sampleResponse = Buffer.from(
  '0101003c2112a442b7e7a701bc34d686fa87dfae' +
    '8022000b7465737420766563746f7220' +
    '002000080001a147e112a643' +
    '000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7' +
    '80280004c07d4c96',
  'hex',
);
const transaction = 'b7e7a701bc34d686fa87dfae';

describe('Binding messages', () => {
  it('are read as in the samples of RFC 5769', () => {
    const request = readStun(sampleRequest);
    expect(request).toMatchObject({ kind: 'request', transaction, username: 'evtj:h6vY' });
    expect([request?.isBy(password), request?.isBy('another')]).toEqual([true, false]);
    const response = readStun(sampleResponse);
    expect(response).toMatchObject({ kind: 'success', transaction });
    expect(response?.isBy(password)).toBe(true);
  });

  it.each([
    ['IPv4', '192.0.2.1', '002000080001a147e112a643'],
    [
      'IPv6',
      '2001:db8:1234:5678:11:2233:4455:6677',
      '002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9',
    ],
  ])('tell whence a request came as in the samples: %s', (_what, address, attribute) => {
    const success = writeSuccess(transaction, { address, port: 32_853 }, password);
    expect(success.toString('hex')).toContain(attribute);
    expect(readStun(success)?.isBy(password)).toBe(true);
  });

  it.each([true, false])('carry a check that nominates or does not: %s', (isControlling) => {
    const check = writeCheck({
      transaction,
      username: 'theirs:ours',
      password,
      priority: 2 ** 31 - 1,
      isControlling,
      tieBreaker: 2n ** 63n,
    });
    const read = readStun(check);
    expect(read).toMatchObject({
      kind: 'request',
      transaction,
      username: 'theirs:ours',
      useCandidate: isControlling,
    });
    expect(read?.isBy(password)).toBe(true);
  });

  it('are believed as far as their integrity goes', () => {
    const forged = Buffer.from(sampleRequest);
    forged.writeUInt8(0x66, 60);
    expect(readStun(forged)?.isBy(password)).toBe(false);
    const appended = Buffer.concat([sampleRequest, Buffer.from('0025000', 'hex')]);
    expect(readStun(appended)).toBeNull();
    const withMore = Buffer.concat([sampleRequest, Buffer.from('00250000', 'hex')]);
    withMore.writeUInt16BE(withMore.length - 20, 2);
    expect(readStun(withMore)?.useCandidate).toBe(false);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a header alone', sampleRequest.subarray(0, 20)],
    ['RTP', Buffer.from('80000001000000010000000100', 'hex')],
    ['no integrity', Buffer.from('000100002112a442b7e7a701bc34d686fa87dfae', 'hex')],
    [
      'an attribute longer than the message',
      Buffer.from('000100042112a442b7e7a701bc34d686fa87dfae0006ffff', 'hex'),
    ],
    [
      'an integrity that is too short',
      Buffer.from('000100082112a442b7e7a701bc34d686fa87dfae00080004aabbccdd', 'hex'),
    ],
    ['an indication', Buffer.from('001100002112a442b7e7a701bc34d686fa87dfae', 'hex')],
  ])('are not read out of %s', (_what, bytes) => {
    expect(readStun(bytes)).toBeNull();
  });

  it('are read or not whichever bytes are damaged or cut, and never wrongly believed', () => {
    for (let at = 0; at < sampleRequest.length - 8; at++) {
      const damaged = Buffer.from(sampleRequest);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x5a, at);
      // Of the padding alone nobody cares.
      expect(readStun(damaged)?.isBy(password) ?? false).toBe(false);
      expect(readStun(sampleRequest.subarray(0, at))).toBeNull();
    }
  });

  it('are told from DTLS and RTP by their first byte', () => {
    expect([0, 1, 3].map((byte) => isStun(Buffer.from([byte])))).toEqual([true, true, true]);
    expect([20, 22, 128].map((byte) => isStun(Buffer.from([byte])))).toEqual([false, false, false]);
    expect(isStun(Buffer.alloc(0))).toBe(false);
  });
});
