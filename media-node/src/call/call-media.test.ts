/** What a call describes again: keys that stay, an offer that fits what is spoken. RFC 3264 §8, RFC 4568, RFC 3261 §14.2. */
import type { MediaPolicy } from '@callgate/shared/contract/decision.ts';
import { describe, expect, it } from 'vitest';
import type { NodeMedia } from '../sdp/negotiate.ts';
import { CallMedia } from './call-media.ts';

const policy: MediaPolicy = { codecs: [], only_listed_codecs: false, encryption: 'allow' };
const local = { address: '192.0.2.1', port: 20_000 };
const suite = 'AES_CM_128_HMAC_SHA1_80';

/** A node whose keys differ each time. */
function media(srtpSuites: NodeMedia['srtpSuites'] = [suite]): CallMedia {
  let count = 0;
  const node: NodeMedia = {
    codecs: ['PCMU', 'opus'],
    srtpSuites,
    newKey: (bytes) => {
      count += 1;
      return Buffer.alloc(bytes, count);
    },
  };
  return new CallMedia(node, '192.0.2.7');
}

const body = (...lines: readonly string[]) => ({
  contentType: 'application/sdp',
  body: Buffer.from(
    ['v=0', 'o=- 1 1 IN IP4 192.0.2.7', 's=-', 'c=IN IP4 192.0.2.7', 't=0 0', ...lines, ''].join(
      '\r\n',
    ),
  ),
});
const crypto = (fill: number, tag = 1) =>
  `a=crypto:${tag} ${suite} inline:${Buffer.alloc(30, fill).toString('base64')}`;
const secure = (fill: number, direction = 'sendrecv') =>
  body('m=audio 4000 RTP/SAVP 0', crypto(fill), `a=${direction}`);

describe('the key of our side', () => {
  it('stays when the caller holds, resumes or refreshes: counters go on on both sides', () => {
    const one = media();
    one.settle(secure(9), policy);
    const before = one.stream?.srtp?.sendKey;
    one.settle(secure(9, 'sendonly'), policy);
    expect(one.stream?.srtp?.sendKey).toEqual(before);
    one.settle(secure(8), policy);
    expect(one.stream?.srtp).toMatchObject({ sendKey: before, receiveKey: Buffer.alloc(30, 8) });
  });

  it('is another when the call was plain meanwhile', () => {
    const one = media();
    one.settle(secure(9), policy);
    const before = one.stream?.srtp?.sendKey;
    one.settle(body('m=audio 4000 RTP/AVP 0'), policy);
    one.settle(secure(9), policy);
    expect(one.stream?.srtp?.sendKey).not.toEqual(before);
  });
});

describe('an offer of ours in a call that is up', () => {
  const lines = (one: CallMedia) => one.offer(local, policy).bytes.toString().split('\r\n');

  it('keeps every media line in its place, those that are refused with port 0 (RFC 3264 §8)', () => {
    const one = media();
    one.settle(
      body('m=video 4002 RTP/AVP 99', 'm=audio 4000 RTP/AVP 0', 'm=image 4004 udptl t38'),
      policy,
    );
    expect(lines(one).filter((line) => line.startsWith('m='))).toEqual([
      'm=video 0 RTP/AVP 99',
      'm=audio 20000 RTP/AVP 0 96 101 97',
      'm=image 0 udptl t38',
    ]);
  });

  it('gives no payload type another meaning than it has (RFC 3264 §8.3.2)', () => {
    const one = media();
    one.settle(
      body(
        'm=audio 4000 RTP/AVP 111 96',
        'a=rtpmap:111 opus/48000/2',
        'a=rtpmap:96 telephone-event/8000',
      ),
      policy,
    );
    const offered = lines(one);
    expect(offered).toContain('a=rtpmap:111 opus/48000/2');
    expect(offered).toContain('a=rtpmap:96 telephone-event/8000');
    expect(offered.find((line) => line.startsWith('m='))).toBe('m=audio 20000 RTP/AVP 0 111 96 97');
  });

  it('stays encrypted, with the key that we have', () => {
    const one = media();
    one.settle(secure(9), policy);
    const key = one.stream?.srtp?.sendKey.toString('base64');
    expect(lines(one)).toContain('m=audio 20000 RTP/SAVP 0 96 101 97');
    expect(lines(one)).toContain(`a=crypto:1 ${suite} inline:${key}`);
    one.settle(secure(7), policy);
    expect(one.stream?.srtp?.sendKey.toString('base64')).toBe(key);
  });
});

describe('an offer of ours before anything was agreed on', () => {
  const required: MediaPolicy = { ...policy, encryption: 'require' };

  it('is encrypted where the route requires it, and the key of the suite that is taken is ours', () => {
    const one = media(['AEAD_AES_128_GCM', suite]);
    expect(one.canOffer(required).kind).toBe('agreed');
    const offered = String(one.offer(local, required).bytes).split('\r\n');
    expect(offered).toContain('m=audio 20000 RTP/SAVP 0 96 101 97');
    const keys = offered.filter((line) => line.startsWith('a=crypto:'));
    expect(keys.map((line) => line.split(' ')[0])).toEqual(['a=crypto:1', 'a=crypto:2']);
    one.settle(body('m=audio 4000 RTP/SAVP 0', crypto(9, 2)), required);
    expect(one.stream?.srtp).toMatchObject({ suite, receiveKey: Buffer.alloc(30, 9) });
    expect(keys[1]).toBe(
      `a=crypto:2 ${suite} inline:${one.stream?.srtp?.sendKey.toString('base64')}`,
    );
    const before = one.stream?.srtp?.sendKey;
    one.settle(secure(8, 'sendonly'), required);
    expect(one.stream?.srtp?.sendKey).toEqual(before);
  });

  it('is not made where it would have to be encrypted and the node cannot', () => {
    expect(media([]).canOffer(required)).toMatchObject({ reason: 'media-encryption-mismatch' });
    expect(media([]).canOffer(policy).kind).toBe('agreed');
  });

  it('said again has the same keys: 183 and 200 mean one session', () => {
    const one = media();
    const keys = () => /^a=crypto:.*$/m.exec(String(one.offer(local, required).bytes))?.[0];
    expect(keys()).toBe(keys());
  });

  it('that is encrypted is not answered in the clear', () => {
    const one = media();
    one.offer(local, required);
    expect(one.settle(body('m=audio 4000 RTP/AVP 0'), required)).toMatchObject({
      reason: 'media-encryption-mismatch',
    });
  });
});

describe('another offer of the caller', () => {
  it('may change codec, payload types and address; the answer follows, with the next version', () => {
    const one = media();
    const version = () => /^o=\S+ \d+ (\d+) /m.exec(String(one.answer(local)?.bytes))?.[1];
    one.settle(body('m=audio 4000 RTP/AVP 0'), policy);
    expect(version()).toBe('1');
    one.settle(
      body('c=IN IP4 192.0.2.8', 'm=audio 4100 RTP/AVP 111', 'a=rtpmap:111 opus/48000/2'),
      policy,
    );
    expect(one.stream).toMatchObject({
      codec: 'opus',
      payloadType: 111,
      remote: { port: 4_100 },
    });
    expect(version()).toBe('2');
    expect(String(one.answer(local)?.bytes)).toContain('m=audio 20000 RTP/AVP 111\r\n');
  });

  it.each([
    ['a stream that is switched off', 'm=audio 0 RTP/AVP 0'],
    ['no codec of ours', 'm=audio 4000 RTP/AVP 18'],
    ['other encryption than we speak', 'm=audio 4000 UDP/TLS/RTP/SAVPF 0'],
  ])('with %s leaves what stands (RFC 3261 §14.2)', (_what, line) => {
    const one = media();
    one.settle(body('m=audio 4000 RTP/AVP 0'), policy);
    const before = one.stream;
    expect(one.settle(body(line), policy).kind).toBe('refused');
    expect(one.stream).toBe(before);
  });
});
