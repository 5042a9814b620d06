import { describe, expect, it } from 'vitest';
import { SourceLock, type TransportAddress, type Verdict } from './source-lock.ts';

const sdp = { address: '10.0.0.7', port: 4_000 };
const nat = { address: '198.51.100.9', port: 31_022 };
const stranger = { address: '203.0.113.5', port: 4_000 };

function locking(signallingAddress: string | null = nat.address): SourceLock {
  const lock = new SourceLock();
  lock.expect(sdp, signallingAddress);
  return lock;
}

function send(lock: SourceLock, source: TransportAddress, sequences: readonly number[]): Verdict[] {
  return sequences.map((sequence) => lock.judge(source, { ssrc: 1, sequence }));
}

describe('SourceLock', () => {
  it('hears the SDP address from its first packet and locks it with the fourth', () => {
    const lock = locking();
    expect(send(lock, sdp, [1, 2, 3])).toEqual(['heard', 'heard', 'heard']);
    expect(lock.isLocked).toBe(false);
    expect(send(lock, sdp, [4])).toEqual(['heard']);
    expect(lock.isLocked).toBe(true);
  });

  it.each([
    ['the signalling address behind a NAT', nat],
    ['the SDP address from another port', { address: sdp.address, port: 5_000 }],
  ])('locks %s after four packets in sequence', (_what, source) => {
    const lock = locking();
    expect(send(lock, source, [65_534, 65_535, 0])).toEqual([
      'probation',
      'probation',
      'probation',
    ]);
    expect(lock.destination).toEqual(sdp);
    expect(send(lock, source, [1])).toEqual(['heard']);
    expect(lock.destination).toEqual(source);
  });

  it('begins probation anew when a packet is missing', () => {
    const lock = locking();
    expect(send(lock, nat, [1, 2, 3, 5, 6, 7, 8]).at(-1)).toBe('heard');
    expect(send(locking(), nat, [1, 2, 3, 5, 6, 7]).at(-1)).toBe('probation');
  });

  it('begins probation anew when the SSRC changes', () => {
    const lock = locking();
    send(lock, nat, [1, 2, 3]);
    expect(lock.judge(nat, { ssrc: 2, sequence: 4 })).toBe('probation');
  });

  it('never hears a stranger, before and after the lock, and sends it nothing', () => {
    const lock = locking();
    expect(new Set(send(lock, stranger, [1, 2, 3, 4, 5, 6]))).toEqual(new Set(['foreign']));
    expect(lock.destination).toEqual(sdp);
    send(lock, sdp, [1, 2, 3, 4]);
    expect(send(lock, stranger, [7])).toEqual(['foreign']);
    expect(lock.destination).toEqual(sdp);
  });

  it('lets the SDP address win over one that is on probation', () => {
    const lock = locking();
    send(lock, nat, [1, 2, 3]);
    send(lock, sdp, [1]);
    expect(send(lock, nat, [4, 5, 6, 7])).toEqual(['foreign', 'foreign', 'foreign', 'foreign']);
  });

  it('hears nobody else once it is locked, not even from the right address and another port', () => {
    const lock = locking();
    send(lock, sdp, [1, 2, 3, 4]);
    expect(send(lock, { ...sdp, port: 4_002 }, [5, 6, 7, 8, 9])).toEqual(
      Array.from({ length: 5 }, () => 'foreign'),
    );
  });

  it('is not kept open by two sources of one address whose packets interleave', () => {
    const lock = locking();
    const other = { ...nat, port: 9_999 };
    for (const sequence of [1, 2, 3]) {
      send(lock, nat, [sequence]);
      send(lock, other, [sequence * 100]);
    }
    expect(send(lock, nat, [4])).toEqual(['heard']);
  });

  it('keeps four sources on probation at most', () => {
    const lock = locking();
    const verdicts = [1, 2, 3, 4, 5].map((port) =>
      lock.judge({ address: nat.address, port }, { ssrc: 1, sequence: 1 }),
    );
    expect(verdicts).toEqual(['probation', 'probation', 'probation', 'probation', 'foreign']);
  });

  it('opens when the signalling names another address, and not when it repeats itself', () => {
    const lock = locking();
    send(lock, sdp, [1, 2, 3, 4]);
    lock.expect({ ...sdp }, nat.address);
    expect(lock.isLocked).toBe(true);
    lock.expect({ ...sdp, port: 4_010 }, nat.address);
    expect(lock.isLocked).toBe(false);
    expect(lock.destination).toEqual({ ...sdp, port: 4_010 });
  });

  it('trusts SDP alone when the signalling address is unknown', () => {
    expect(send(locking(null), nat, [1])).toEqual(['foreign']);
  });

  it('hears nobody before the signalling has named an address', () => {
    const lock = new SourceLock();
    expect(send(lock, sdp, [1])).toEqual(['foreign']);
    expect(lock.destination).toBeNull();
  });
});
