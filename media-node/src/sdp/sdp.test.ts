import type { MediaPolicy } from '@callgate/shared/contract/decision.ts';
import { describe, expect, it } from 'vitest';
import { type Agreement, type Disagreement, type NodeMedia, negotiate } from './negotiate.ts';
import { parseSdp, type SessionDescription } from './parse-sdp.ts';
import { writeAnswer, writeOffer } from './write-sdp.ts';

const open: MediaPolicy = { only_listed_codecs: false, codecs: [], encryption: 'disable' };
const g711: NodeMedia = { codecs: ['PCMU', 'PCMA'], srtpSuites: [], newKey: () => Buffer.alloc(0) };
const withOpus: NodeMedia = { ...g711, codecs: ['PCMU', 'opus'] };
const withSrtp: NodeMedia = {
  ...g711,
  srtpSuites: ['AEAD_AES_256_GCM', 'AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32'],
  newKey: (bytes) => Buffer.alloc(bytes, 7),
};

function offer(media: string, session = 'c=IN IP4 192.0.2.7'): SessionDescription {
  const text = `v=0\no=- 77 3 IN IP4 192.0.2.7\ns=-\n${session}\nt=0 0\n${media}`;
  const reading = parseSdp(Buffer.from(text.replaceAll('\n', '\r\n')));
  if (reading.kind === 'fault') throw new Error(reading.message);
  return reading.session;
}

function agreed(result: Agreement | Disagreement): Agreement {
  if (result.kind === 'refused') throw new Error(`${result.reason}: ${result.explanation}`);
  return result;
}

describe('negotiating audio (RFC 3264)', () => {
  it.each([
    ['the first codec of the offer', 'm=audio 4000 RTP/AVP 8 0\n', 'PCMA', 8],
    ['static payload types without rtpmap', 'm=audio 4000 RTP/AVP 0\n', 'PCMU', 0],
    [
      'an unknown codec is passed over',
      'm=audio 4000 RTP/AVP 18 3 8\na=rtpmap:18 G729/8000\n',
      'PCMA',
      8,
    ],
    [
      'a dynamic payload type for PCMU',
      'm=audio 4000 RTP/AVP 96\na=rtpmap:96 pcmu/8000/1\n',
      'PCMU',
      96,
    ],
    [
      'a static number that is mapped to something else',
      'm=audio 4000 RTP/AVP 0 8\na=rtpmap:0 foo/8000\n',
      'PCMA',
      8,
    ],
    [
      'the audio line behind a video line',
      'm=video 5000 RTP/AVP 96\nm=audio 4000 RTP/AVP 0\n',
      'PCMU',
      0,
    ],
  ])('takes %s', (_what, media, codec, payloadType) => {
    expect(agreed(negotiate(offer(media), open, g711)).stream).toMatchObject({
      codec,
      payloadType,
    });
  });

  it.each(['IP4 192.0.2.7', 'IP6 2001:db8::7'])(
    'takes media at %s where that of the node is of the same family',
    (address) => {
      const described = offer('m=audio 4000 RTP/AVP 0\n', `c=IN ${address}`);
      const kinds = (['IP4', 'IP6'] as const).map(
        (family) => negotiate(described, open, { ...g711, family }).kind,
      );
      expect(kinds).toEqual(
        address.startsWith('IP4') ? ['agreed', 'refused'] : ['refused', 'agreed'],
      );
    },
  );

  it.each(['RTP/AVP', 'RTP/AVPF'])('takes %s, and answers with it', (protocol) => {
    const described = offer(`m=audio 4000 ${protocol} 0\na=rtcp-fb:* nack\n`);
    const agreement = agreed(negotiate(described, open, g711));
    const local = { address: '198.51.100.4', port: 20_010 };
    const origin = { sessionId: '9', version: 1 };
    expect(String(writeAnswer(described, agreement, local, origin))).toContain(
      `m=audio 20010 ${protocol} 0\r\n`,
    );
    expect(String(writeOffer(['PCMU'], local, origin, { offer: described, agreement }))).toContain(
      `m=audio 20010 ${protocol} 0 `,
    );
  });

  it('keeps to the codecs that the policy lists', () => {
    const policy: MediaPolicy = {
      ...open,
      only_listed_codecs: true,
      codecs: [{ name: 'pcma', rate: 0 }],
    };
    expect(agreed(negotiate(offer('m=audio 4000 RTP/AVP 0 8\n'), policy, g711)).stream.codec).toBe(
      'PCMA',
    );
  });

  it.each([
    ['no audio stream', 'm=video 5000 RTP/AVP 96\n', open, 'bad-sdp'],
    ['an audio stream that is switched off', 'm=audio 0 RTP/AVP 0\n', open, 'bad-sdp'],
    ['no common codec', 'm=audio 4000 RTP/AVP 18\n', open, 'no-common-codec'],
    [
      'SRTP where the policy disables it',
      'm=audio 4000 RTP/SAVP 0\n',
      open,
      'media-encryption-mismatch',
    ],
    [
      'plain RTP where SRTP is required',
      'm=audio 4000 RTP/AVP 0\n',
      { ...open, encryption: 'require' },
      'media-encryption-mismatch',
    ],
  ] as const)('refuses %s', (_what, media, policy, reason) => {
    expect(negotiate(offer(media), policy, g711)).toMatchObject({ kind: 'refused', reason });
  });

  it('refuses a stream without an address', () => {
    expect(negotiate(offer('m=audio 4000 RTP/AVP 0\n', 'b=AS:64'), open, g711)).toMatchObject({
      reason: 'bad-sdp',
    });
  });

  it.each([
    ['m=audio 4000 RTP/AVP 0\n', true, true],
    ['m=audio 4000 RTP/AVP 0\na=sendonly\n', false, true],
    ['m=audio 4000 RTP/AVP 0\na=recvonly\n', true, false],
    ['m=audio 4000 RTP/AVP 0\na=inactive\n', false, false],
    ['m=audio 4000 RTP/AVP 0\nc=IN IP4 0.0.0.0\n', false, true],
  ])('sees the direction of %j from our side', (media, send, receive) => {
    expect(agreed(negotiate(offer(media), open, g711)).stream).toMatchObject({ send, receive });
  });

  it.each([
    ['8000 beside PCMU', '0 97 101', ['97 telephone-event/48000', '101 telephone-event/8000'], 101],
    [
      '48000 beside Opus',
      '96 101 97',
      ['101 telephone-event/8000', '97 telephone-event/48000'],
      97,
    ],
    ['8000 beside Opus where nothing else is offered', '96 101', ['101 telephone-event/8000'], 101],
    ['none with a clock that nobody counts with', '0 97', ['97 telephone-event/16000'], null],
    ['none that the m= line does not name', '0', ['101 telephone-event/8000'], null],
  ])('takes telephone events of %s (RFC 4733 §2.1)', (_what, formats, maps, payloadType) => {
    const media = ['96 opus/48000/2', ...maps].map((map) => `a=rtpmap:${map}\n`).join('');
    const { stream } = agreed(
      negotiate(offer(`m=audio 4000 RTP/AVP ${formats}\n${media}`), open, withOpus),
    );
    expect(stream.telephoneEvent?.payloadType ?? null).toBe(payloadType);
  });

  it.each([
    ['', 20],
    ['a=ptime:30\n', 30],
    ['a=ptime:60\n', 60],
    ['a=ptime:25\n', 20],
    ['a=ptime:5\n', 10],
    ['a=ptime:400\n', 60],
    ['a=ptime:40\na=maxptime:30\n', 30],
    ['a=maxptime:10\n', 10],
    ['a=maxptime:150\n', 20],
    ['a=ptime:nonsense\n', 20],
    ['a=ptime:0\n', 20],
  ])('sends packets as %j asks', (attributes, ptimeMs) => {
    const { stream } = agreed(
      negotiate(offer(`m=audio 4000 RTP/AVP 0\n${attributes}`), open, g711),
    );
    expect(stream.ptimeMs).toBe(ptimeMs);
  });

  it('keeps to 20 ms with Opus, as the packets of the room are', () => {
    const { stream } = agreed(
      negotiate(
        offer('m=audio 4000 RTP/AVP 96\na=rtpmap:96 opus/48000/2\na=ptime:40\n'),
        open,
        withOpus,
      ),
    );
    expect(stream.ptimeMs).toBe(20);
  });

  it.each([
    ['', { maxAverageBitRate: null, maxPlaybackRateHz: 48_000, isConstantRate: false }],
    [
      'maxaveragebitrate=20000; MaxPlaybackRate=16000',
      { maxAverageBitRate: 20_000, maxPlaybackRateHz: 16_000 },
    ],
    ['cbr=1;usedtx=1;useinbandfec=1', { isConstantRate: true, usesDtx: true, usesFec: true }],
    [
      'maxaveragebitrate=5;maxplaybackrate=999999',
      { maxAverageBitRate: null, maxPlaybackRateHz: 48_000 },
    ],
    ['stereo=1;sprop-stereo=1;=;;x', { usesFec: false, usesDtx: false }],
  ])('reads the parameters of Opus %j (RFC 7587 §6.1)', (parameters, opus) => {
    const media = `m=audio 4000 RTP/AVP 96\na=rtpmap:96 opus/48000/2\na=fmtp:96 ${parameters}\n`;
    expect(agreed(negotiate(offer(media), open, withOpus)).stream.opus).toMatchObject(opus);
  });
});

describe('writing the answer', () => {
  const text = (media: string, session?: string) => {
    const described = offer(media, session);
    const agreement = agreed(negotiate(described, open, g711));
    return writeAnswer(
      described,
      agreement,
      { address: '198.51.100.4', port: 20_010 },
      { sessionId: '9', version: 1 },
    ).toString();
  };

  it('names our address, the one codec, telephone events and ptime', () => {
    expect(text('m=audio 4000 RTP/AVP 0 8 101\na=rtpmap:101 telephone-event/8000\n')).toBe(
      [
        'v=0',
        'o=callgate 9 1 IN IP4 198.51.100.4',
        's=Callgate',
        'c=IN IP4 198.51.100.4',
        't=0 0',
        'm=audio 20010 RTP/AVP 0 101',
        'a=rtpmap:0 PCMU/8000',
        'a=rtpmap:101 telephone-event/8000',
        'a=fmtp:101 0-15',
        'a=ptime:20',
        'a=sendrecv',
        '',
      ].join('\r\n'),
    );
  });

  it('names telephone events with the clock that was offered beside Opus, and the packet time', () => {
    const described = offer(
      'm=audio 4000 RTP/AVP 96 101\na=rtpmap:96 opus/48000/2\na=rtpmap:101 telephone-event/8000\n',
    );
    const answer = writeAnswer(
      described,
      agreed(negotiate(described, open, withOpus)),
      { address: '198.51.100.4', port: 20_010 },
      { sessionId: '9', version: 1 },
    ).toString();
    expect(answer).toContain('a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n');
    expect(text('m=audio 4000 RTP/AVP 0\na=ptime:30\n')).toContain('\r\na=ptime:30\r\n');
  });

  it('refuses every other media line in its place with port 0', () => {
    const lines = text(
      'm=video 5000 RTP/AVP 96\nm=audio 4000 RTP/AVP 0\nm=audio 4002 RTP/AVP 8\n',
    ).split('\r\n');
    expect(lines.filter((line) => line.startsWith('m='))).toEqual([
      'm=video 0 RTP/AVP 96',
      'm=audio 20010 RTP/AVP 0',
      'm=audio 0 RTP/AVP 8',
    ]);
  });

  it.each([
    ['a=sendonly\n', 'a=recvonly'],
    ['a=recvonly\n', 'a=sendonly'],
    ['a=inactive\n', 'a=inactive'],
  ])('answers %j with %s (RFC 3264 §6.1)', (attribute, expected) => {
    expect(text(`m=audio 4000 RTP/AVP 0\n${attribute}`)).toContain(`\r\n${expected}\r\n`);
  });
});

describe('writing an offer of ours (late offer)', () => {
  it('offers the codecs in our order with telephone events for each clock', () => {
    const lines = writeOffer(
      ['PCMU', 'opus'],
      { address: '::1', port: 20_010 },
      { sessionId: '9', version: 2 },
    )
      .toString()
      .split('\r\n');
    expect(lines).toEqual([
      'v=0',
      'o=callgate 9 2 IN IP6 ::1',
      's=Callgate',
      'c=IN IP6 ::1',
      't=0 0',
      'm=audio 20010 RTP/AVP 0 96 101 97',
      'a=rtpmap:0 PCMU/8000',
      'a=rtpmap:96 opus/48000/2',
      'a=rtpmap:101 telephone-event/8000',
      'a=rtpmap:97 telephone-event/48000',
      'a=fmtp:96 useinbandfec=1;stereo=0',
      'a=fmtp:101 0-15',
      'a=fmtp:97 0-15',
      'a=ptime:20',
      'a=sendrecv',
      '',
    ]);
  });

  it('can be negotiated by ourselves', () => {
    const reading = parseSdp(
      writeOffer(['PCMA'], { address: '192.0.2.7', port: 4000 }, { sessionId: '1', version: 1 }),
    );
    if (reading.kind === 'fault') throw new Error(reading.message);
    expect(agreed(negotiate(reading.session, open, g711)).stream).toMatchObject({
      codec: 'PCMA',
      payloadType: 8,
    });
  });
});

describe('SRTP by SDES (RFC 4568)', () => {
  const key = Buffer.alloc(30, 1).toString('base64');
  const line = (tag: number, suite: string, rest = '') =>
    `a=crypto:${tag} ${suite} inline:${key}${rest}\n`;
  const secure = (crypto: string) => offer(`m=audio 4000 RTP/SAVP 0\n${crypto}`);
  const allow: MediaPolicy = { ...open, encryption: 'allow' };

  it('takes the first crypto line of the offer that we know, and answers with its tag and a key of ours', () => {
    const described = secure(
      line(1, 'F8_128_HMAC_SHA1_80') +
        line(2, 'AES_CM_128_HMAC_SHA1_32') +
        line(3, 'AES_CM_128_HMAC_SHA1_80'),
    );
    const agreement = agreed(negotiate(described, allow, withSrtp));
    expect(agreement.stream.srtp).toMatchObject({
      suite: 'AES_CM_128_HMAC_SHA1_32',
      receiveKey: Buffer.alloc(30, 1),
    });
    const text = writeAnswer(
      described,
      agreement,
      { address: '192.0.2.1', port: 2 },
      { sessionId: '1', version: 1 },
    ).toString();
    expect(text).toContain('m=audio 2 RTP/SAVP 0\r\n');
    expect(text).toContain(
      `a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:${Buffer.alloc(30, 7).toString('base64')}\r\n`,
    );
  });

  it.each([
    ['a lifetime', line(1, 'AES_CM_128_HMAC_SHA1_80', '|2^31'), true],
    ['a master key identifier', line(1, 'AES_CM_128_HMAC_SHA1_80', '|2^31|1:4'), false],
    ['session parameters', line(1, 'AES_CM_128_HMAC_SHA1_80', ' UNENCRYPTED_SRTP'), false],
    ['a key of the wrong length', line(1, 'AEAD_AES_256_GCM'), false],
  ])('judges a line with %s', (_what, crypto, taken) => {
    expect(negotiate(secure(crypto), allow, withSrtp).kind).toBe(taken ? 'agreed' : 'refused');
  });

  it.each([
    ['disable', 'm=audio 4000 RTP/SAVP 0\n', 'media-encryption-mismatch'],
    ['disable', 'm=audio 4000 RTP/AVP 0\n', 'plain'],
    ['allow', 'm=audio 4000 RTP/AVP 0\n', 'srtp'],
    ['allow', 'm=audio 4000 RTP/SAVP 0\n', 'srtp'],
    ['require', 'm=audio 4000 RTP/AVP 0\n', 'srtp'],
    ['require', 'm=audio 4000 RTP/SAVP 0\n', 'srtp'],
    ['disable', 'm=audio 4000 RTP/SAVPF 0\n', 'media-encryption-mismatch'],
    ['require', 'm=audio 4000 RTP/SAVPF 0\n', 'srtp'],
    ['require', 'm=audio 4000 UDP/TLS/RTP/SAVPF 0\n', 'media-encryption-mismatch'],
  ] as const)('under %s, %j with a crypto line gives %s', (encryption, media, expected) => {
    const result = negotiate(
      offer(media + line(1, 'AES_CM_128_HMAC_SHA1_80')),
      { ...open, encryption },
      withSrtp,
    );
    const shown =
      result.kind === 'refused' ? result.reason : result.stream.srtp === null ? 'plain' : 'srtp';
    expect(shown).toBe(expected);
  });

  it('refuses plain RTP without a crypto line where SRTP is required', () => {
    const result = negotiate(
      offer('m=audio 4000 RTP/AVP 0\n'),
      { ...open, encryption: 'require' },
      withSrtp,
    );
    expect(result).toMatchObject({ reason: 'media-encryption-mismatch' });
  });
});
