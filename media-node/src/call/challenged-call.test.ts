import { decisionExamples } from '@callgate/shared/contract/decision.ts';
import { expect, it } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import { FakeEdge, settled } from '../edge/edge-client.fake.ts';
import { FakeMediaPool } from '../media/media-pool.fake.ts';
import { silentLog } from '../ops/log.ts';
import { FakeSipCall } from '../sip/sip-call.fake.ts';
import { CallRegistry } from './call-registry.ts';

it.each([
  ['let in', decisionExamples.join, 1],
  ['refused', decisionExamples.refuse, 0],
] as const)(
  'a caller who answers a challenge and is %s has media before the edge has decided',
  async (_what, decision, sessionsAfter) => {
    const edge = new FakeEdge();
    const media = new FakeMediaPool();
    const calls = new CallRegistry({
      edge,
      media,
      clock: new FakeClock(),
      log: silentLog,
      nodeMedia: { codecs: ['PCMU', 'PCMA'], srtpSuites: [], newKey: () => Buffer.alloc(0) },
    });
    calls.onInvite(new FakeSipCall());
    await edge.answer(decisionExamples.challenge);
    expect(media.stats().sessions).toBe(0);

    const sip = new FakeSipCall();
    calls.onInvite(sip);
    expect(media.stats().sessions).toBe(1);
    await edge.answer(decision);
    await settled();
    expect(media.stats().sessions).toBe(sessionsAfter);

    sip.events?.onCancel();
    await settled();
    expect(media.stats().sessions).toBe(0);
    expect(media.sessions).toHaveLength(1);
  },
);
