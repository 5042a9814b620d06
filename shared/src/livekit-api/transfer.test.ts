import { Duration } from '@bufbuild/protobuf';
import { TransferSIPParticipantRequest } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { sipFailure, transferFault, transferTarget, transferTimeoutMs } from './transfer.ts';

const request = (fields: object) => new TransferSIPParticipantRequest(fields);

describe('a request to transfer', () => {
  it.each([
    ['sip:a@b', 'sip:a@b'],
    ['<sips:a@b;transport=tls>', 'sips:a@b;transport=tls'],
    ['tel:+15550123', 'tel:+15550123'],
    ['TEL:+1', 'TEL:+1'],
  ])('takes %s', (to, uri) => {
    expect(transferTarget(to)).toBe(uri);
    expect(transferFault(request({ transferTo: to }))).toBeNull();
  });

  it.each([
    '+15550123',
    'http://x',
    'sip:',
    '<sip:a@b',
    'sip:a b',
    'sip:a@b>\r\nX: y',
    `sip:${'a'.repeat(600)}`,
  ])('refuses %j in the words of LiveKit', (transferTo) => {
    expect(transferFault(request({ transferTo }))?.msg).toBe(
      'transfer_to must be a valid SIP(s) or TEL URI (sip:, sips: or tel:)',
    );
  });

  it('takes as long as it says, as its client waits, and two minutes at most', () => {
    const lasting = (seconds: number) =>
      request({ ringingTimeout: new Duration({ seconds: BigInt(seconds) }) });
    expect(transferTimeoutMs(request({}), null)).toBe(30_000);
    expect(transferTimeoutMs(lasting(10), null)).toBe(10_000);
    expect(transferTimeoutMs(lasting(10), 4_000)).toBe(4_000);
    expect(transferTimeoutMs(lasting(10_000), null)).toBe(120_000);
    expect(transferTimeoutMs(lasting(-1), null)).toBe(30_000);
  });
});

describe('a SIP status as an error of the API', () => {
  it.each([
    [404, 'not_found', 'Not Found'],
    [408, 'deadline_exceeded', 'Request Timeout'],
    [486, 'resource_exhausted', 'Busy Here'],
    [487, 'aborted', 'Request Terminated'],
    [503, 'failed_precondition', 'Service Unavailable'],
    [603, 'permission_denied', 'Global Decline'],
    [405, 'invalid_argument', 'Method Not Allowed'],
  ])('%i is %s', (status, code, phrase) => {
    const failure = sipFailure(status);
    expect([failure.code, failure.meta['sip_status']]).toEqual([code, phrase]);
    expect(failure.meta['sip_status_code']).toBe(String(status));
  });

  it('carries google.rpc.Status with the SIP status inside', () => {
    const details = Buffer.from(sipFailure(486).meta['error_details'] ?? '', 'base64');
    // Field 1: code 8 (RESOURCE_EXHAUSTED).
    expect([...details.subarray(0, 2)]).toEqual([0x08, 8]);
    expect(details.toString('latin1')).toContain('type.googleapis.com/livekit.SIPStatus');
  });
});
