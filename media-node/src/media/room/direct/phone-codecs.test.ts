import { describe, expect, it } from 'vitest';
import { withPhoneCodecs } from './phone-codecs.ts';

const offer = [
  'v=0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 63 0 9',
  'a=mid:0',
  'a=rtpmap:111 opus/48000/2',
  'a=fmtp:111 minptime=10;useinbandfec=1',
  'a=rtpmap:63 red/48000/2',
  'a=fmtp:63 111/111',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:9 G722/8000',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'a=rtpmap:96 VP8/90000',
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  '',
];

describe('an offer of a server', () => {
  it('is left with the codecs of phones, so that no packet comes in a wrapping', () => {
    expect(withPhoneCodecs(offer.join('\r\n')).split('\r\n')).toEqual([
      'v=0',
      'm=audio 9 UDP/TLS/RTP/SAVPF 111 0',
      'a=mid:0',
      'a=rtpmap:111 opus/48000/2',
      'a=fmtp:111 minptime=10;useinbandfec=1',
      'a=rtpmap:0 PCMU/8000',
      'm=video 9 UDP/TLS/RTP/SAVPF 96',
      'a=rtpmap:96 VP8/90000',
      'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
      '',
    ]);
  });

  it('keeps a format in a section that has none of them', () => {
    const odd = 'm=audio 9 UDP/TLS/RTP/SAVPF 9';
    expect(withPhoneCodecs(odd)).toBe(odd);
  });
});
