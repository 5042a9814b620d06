import { roomLimits } from '@callgate/shared/limits.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../../clock.fake.ts';
import { IceRestarts } from './ice-restarts.ts';
import { iceCredentials } from './ice-sdp.ts';

const description = (ufrag: string, ...more: string[]) =>
  ['v=0', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', `a=ice-ufrag:${ufrag}`, `a=ice-pwd:of-${ufrag}`]
    .concat(more)
    .join('\r\n');
const library = description('library', 'a=candidate:1 1 UDP 1 127.0.0.1 9 typ host');

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function follow() {
  const clock = new FakeClock();
  const failures: string[] = [];
  const restarts = new IceRestarts(clock, '127.0.0.1', ({ message }) => failures.push(message));
  closers.push(() => restarts.close());
  expect(restarts.isRestart(description('first'))).toBe(false);
  return { clock, failures, restarts };
}

describe('ICE restarts of the server', () => {
  it('are told from further offers by their credentials', async () => {
    const { restarts } = follow();
    expect(restarts.isRestart(description('first', 'a=sendonly'))).toBe(false);
    expect(restarts.isRestart(description('second'))).toBe(true);
    await restarts.restart(description('second'), library);
    expect(restarts.isRestart(description('second'))).toBe(false);
    expect(restarts.isRestart(description('third'))).toBe(true);
  });

  it('change nothing before there is one', () => {
    const { restarts } = follow();
    expect(restarts.forLibrary(description('first'))).toBe(description('first'));
    expect(restarts.forServer(library)).toBe(library);
    expect(restarts.candidate('candidate:1 1 udp 1 127.0.0.1 9 typ host')).toBe(false);
  });

  it('are kept from the library, and the server gets new credentials and an address of ours each time', async () => {
    const { restarts } = follow();
    const told = new Set<string>();
    for (const ufrag of ['second', 'third']) {
      const offer = description(ufrag, 'a=candidate:1 1 UDP 1 127.0.0.1 9 typ host');
      await restarts.restart(offer, library);
      expect(restarts.forLibrary(offer)).toBe(description('first'));
      const answer = restarts.forServer(library);
      told.add(iceCredentials(answer)?.ufrag ?? 'library');
      expect(answer).toMatch(/^a=candidate:1 1 UDP \d+ 127\.0\.0\.1 (?!9 )\d+ typ host/m);
    }
    expect([told.size, told.has('library')]).toEqual([2, false]);
    expect(restarts.candidate('candidate:1 1 udp 1 127.0.0.1 9 typ host')).toBe(true);
  });

  it('have failed when no way is found in time', async () => {
    const { restarts, clock, failures } = follow();
    await restarts.restart(description('second'), library);
    clock.advance(roomLimits.rejoinAttemptMs - 1);
    expect(failures).toEqual([]);
    clock.advance(1);
    expect(failures).toEqual(['no way after an ICE restart']);
  });

  it.each([
    ['no credentials', 'v=0', library],
    ['a library without an address', description('second'), description('library')],
  ])('are refused with %s', async (_what, offer, librarySdp) => {
    const { restarts } = follow();
    await expect(restarts.restart(offer, librarySdp)).rejects.toThrow('without credentials');
  });

  it('leave no timer', async () => {
    const { restarts, clock, failures } = follow();
    await restarts.restart(description('second'), library);
    closers.length = 0;
    restarts.close();
    expect([clock.pending, failures]).toEqual([0, []]);
  });
});
