import { describe, expect, it } from 'vitest';
import { redactMessage } from './redact-message.ts';

const message = (lines: readonly string[], body = '') =>
  Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');

const shown = (...headers: string[]) =>
  redactMessage(message(['INVITE sip:+15550100@sip.example.com SIP/2.0', ...headers]));
const value = (header: string) => shown(header).headers[0]?.value;

describe('a message that is shown', () => {
  it('keeps what a dialog is followed by', () => {
    const kept = [
      'Via: SIP/2.0/UDP 203.0.113.7:5060;branch=z9hG4bK776asdhds;rport',
      'Call-ID: 3848276298220188511@203.0.113.7',
      'CSeq: 1 INVITE',
      'Session-Expires: 1800;refresher=uac',
    ];
    const { headers } = shown(...kept);
    expect(headers.map(({ name, value: text }) => `${name}: ${text}`)).toEqual(kept);
  });

  it('masks the numbers of its start line and addresses, and leaves names and passwords out', () => {
    expect(shown().start).toBe('INVITE sip:*****0100@sip.example.com SIP/2.0');
    expect(value('From: "Ada Lovelace" <sip:+15550199@203.0.113.7>;tag=a73')).toBe(
      '"…" <sip:*****0199@203.0.113.7>;tag=a73',
    );
    expect(value('f: Ada Lovelace <sips:alice:secret@example.com>')).toBe(
      '"…" <sips:*lice@example.com>',
    );
    expect(value('P-Asserted-Identity: <tel:+15550199>, <sip:15550199>')).toBe(
      '<tel:*****0199>, <sip:****0199>',
    );
    expect(value('To: <sip:+15550199;phone-context=x@example.com;user=phone>')).toBe(
      '<sip:*****0199@example.com;user=phone>',
    );
    expect(value('Reason: Q.850;cause=16;text="called +15550199"')).toBe(
      'Q.850;cause=16;text="called *****0199"',
    );
  });

  it('shows of credentials and challenges what tells why they failed, and no more', () => {
    expect(
      value(
        'Proxy-Authorization: Digest username="+15550199", realm="LiveKit", nonce="n0nce", uri="sip:+15550100@h", response="0a4f113b", algorithm=MD5, qop=auth, nc=00000001, cnonce="c", opaque="o"',
      ),
    ).toBe(
      'Digest username="*****0199", realm="LiveKit", nonce=…, uri="sip:*****0100@h", response=…, algorithm=MD5, qop=auth, nc=00000001, cnonce=…, opaque=…',
    );
    expect(value('WWW-Authenticate: Digest realm="x", nonce="n", stale=true')).toBe(
      'Digest realm="x", nonce=…, stale=true',
    );
    expect(value('Authorization: Basic YWxpY2U6c2VjcmV0')).toBe('Basic …');
    expect(value('Authorization: YWxpY2U6c2VjcmV0YWxpY2U6c2VjcmV0')).toBe('? …');
  });

  it('names headers that it does not know with their length', () => {
    expect(shown('X-Account-Token: abcdef').headers).toEqual([
      { name: 'X-Account-Token', value: '[6 characters]' },
    ]);
    expect(value('Identity: eyJhbGciOiJFUzI1NiJ9.x.y')).toBe('[24 characters]');
  });

  it('shows the codecs and addresses of SDP, and no key', () => {
    const sdp = [
      'v=0',
      'o=alice 1 1 IN IP4 192.0.2.7',
      's=call of Ada',
      'c=IN IP4 192.0.2.7',
      't=0 0',
      'm=audio 4000 RTP/SAVP 0 101',
      'a=rtpmap:101 telephone-event/8000',
      'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20',
      'a=ice-pwd:asd88fgpdd777uzjYhagZg',
      'a=sendrecv',
      'k=clear:password',
    ];
    const lines = ['INVITE sip:a@b SIP/2.0', 'c: application/sdp'];
    expect(redactMessage(message(lines, `${sdp.join('\r\n')}\r\n`)).body).toEqual([
      'v=0',
      'o=… 1 1 IN IP4 192.0.2.7',
      's=[11 characters]',
      'c=IN IP4 192.0.2.7',
      't=0 0',
      'm=audio 4000 RTP/SAVP 0 101',
      'a=rtpmap:101 telephone-event/8000',
      'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:…',
      'a=ice-pwd:[22 characters]',
      'a=sendrecv',
      'k=[14 characters]',
    ]);
  });

  it('shows of other bodies, such as digits, how long they are', () => {
    const lines = ['INFO sip:a@b SIP/2.0', 'Content-Type: application/dtmf-relay'];
    expect(redactMessage(message(lines, 'Signal=4\r\nDuration=160')).body).toEqual([
      '[22 characters]',
    ]);
  });

  it('cannot steer a terminal, and is read however broken it is', () => {
    expect(shown('User-Agent: \x1b[2Jevil\x07').headers[0]?.value).toBe('?[2Jevil?');
    for (const bytes of ['', '\r\n', 'x', ': \r\n\r\n', 'A\r\n b\r\n:c\r\n\r\n', '\0'.repeat(99)])
      expect(redactMessage(Buffer.from(bytes)).headers.length).toBeLessThan(3);
  });

  it('is read in one walk, also when it is made to be slow', () => {
    const started = performance.now();
    for (const part of ['sip:', 'a <', '"', 'x, ', '" <sip:', 'tel:', 'a=b,'])
      for (const name of ['From', 'Authorization', 'Reason', 'X'])
        shown(`${name}: ${part.repeat(Math.floor(4_000 / part.length))}`);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
