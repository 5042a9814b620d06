import { beforeEach, describe, expect, it } from 'vitest';
import { FakeMediaPool } from '../media/media-pool.fake.ts';
import type { MediaEvent } from '../media/media-session.ts';
import { silentLog } from '../ops/log.ts';
import { PartError } from '../part-error.ts';
import { CallSession } from './call-session.ts';

let media: FakeMediaPool;
let heard: MediaEvent[];
let opened: CallSession;
beforeEach(() => {
  media = new FakeMediaPool();
  heard = [];
  opened = new CallSession('SCL_1', media, silentLog, (event) => heard.push(event));
});

const lost: MediaEvent = { kind: 'room-ended', reason: 'media-lost' };

describe('the media session of a call', () => {
  it('that was opened early is the one that is taken', async () => {
    opened.openEarly();
    expect(opened.current).toBeNull();
    const session = await opened.take();
    expect(media.sessions).toEqual([session]);
    expect(opened.current).toBe(session);
    media.sessions[0]?.raise({ kind: 'joined' });
    expect(heard).toEqual([{ kind: 'joined' }]);
  });

  it('that was lost before it was taken is replaced without a word', async () => {
    opened.openEarly();
    media.sessions[0]?.raise(lost);
    const session = await opened.take();
    expect(session).toBe(media.sessions[1]);
    expect(heard).toEqual([]);
    media.sessions[1]?.raise(lost);
    expect(heard).toEqual([lost]);
  });

  it('that could not be opened early is tried again', async () => {
    media.failure = new PartError('no-rtp-port', 'all in use');
    opened.openEarly();
    media.failure = null;
    expect(await opened.take()).toBe(media.sessions[0]);
  });

  it('says why it cannot be opened', async () => {
    media.failure = new PartError('no-rtp-port', 'all in use');
    opened.openEarly();
    await expect(opened.take()).rejects.toMatchObject({ reason: 'no-rtp-port' });
    expect(await opened.close()).toBeNull();
  });

  it('that nobody takes is closed with the call, without figures', async () => {
    opened.openEarly();
    expect(await opened.close()).toBeNull();
    expect(media.sessions.map(({ isClosed }) => isClosed)).toEqual([true]);
  });

  it('that is being taken when the call ends is closed and not handed out', async () => {
    const taking = opened.take();
    const closing = opened.close();
    expect(await taking).toBeNull();
    expect(await closing).toBeNull();
    expect(media.stats().sessions).toBe(0);
  });

  it('gives its figures when it is closed', async () => {
    await opened.take();
    expect(await opened.close()).toMatchObject({ codec: 'PCMU' });
    expect(opened.current).toBeNull();
  });
});
