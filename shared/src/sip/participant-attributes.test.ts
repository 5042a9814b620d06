import { SIPHeaderOptions } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { edgeLimits } from '../limits.ts';
import {
  type ParticipantAttributesInput,
  participantAttributes,
  type SipHeader,
} from './participant-attributes.ts';

const invite: ParticipantAttributesInput = {
  participantAttributes: new Map([
    ['sip.callID', 'SCL_4xYpQ2mNkT7w'],
    ['sip.trunkID', ''],
    ['tier', 'gold'],
  ]),
  inviteHeaders: [],
  includeHeaders: SIPHeaderOptions.SIP_NO_HEADERS,
  headersToAttributes: {},
  sipCallId: 'a84b4c76e66710@192.0.2.1',
  fromTag: '1928301774',
  callStatus: 'ringing',
};

function attributesOf(changes: Partial<ParticipantAttributesInput>): Record<string, string> {
  return Object.fromEntries(participantAttributes({ ...invite, ...changes }).attributes);
}

function header(name: string, value: string): SipHeader {
  return { name, value };
}

describe('attributes of the participant', () => {
  it('are those of rule and call, the ids of the SIP call and the status, without empty ones', () => {
    expect(attributesOf({})).toEqual({
      'sip.callID': 'SCL_4xYpQ2mNkT7w',
      tier: 'gold',
      'sip.callTag': '1928301774',
      'sip.callIDFull': 'a84b4c76e66710@192.0.2.1',
      'sip.callStatus': 'ringing',
    });
  });

  it('hold X- headers under sip.h in lower case, the last of a repeated one', () => {
    const headers = [header('X-Ticket', '1'), header('User-Agent', 'ua'), header('x-ticket', '2')];
    const attributes = attributesOf({
      inviteHeaders: headers,
      includeHeaders: SIPHeaderOptions.SIP_X_HEADERS,
    });
    expect(attributes['sip.h.x-ticket']).toBe('2');
    expect(attributes['sip.h.user-agent']).toBeUndefined();
  });

  it('hold all headers under their long names when all are included', () => {
    const headers = [header('s', 'Hello'), header('User-Agent', 'ua')];
    const attributes = attributesOf({
      inviteHeaders: headers,
      includeHeaders: SIPHeaderOptions.SIP_ALL_HEADERS,
    });
    expect(attributes['sip.h.subject']).toBe('Hello');
    expect(attributes['sip.h.user-agent']).toBe('ua');
  });

  it('hold mapped headers, found in any letter case and form, the first of a repeated one', () => {
    const headers = [header('x-ticket', '1'), header('X-Ticket', '2'), header('f', '<sip:a@b>')];
    const headersToAttributes = { 'X-TICKET': 'ticket', From: 'from', 'X-None': 'none' };
    const attributes = attributesOf({ inviteHeaders: headers, headersToAttributes });
    expect(attributes).toMatchObject({ ticket: '1', from: '<sip:a@b>' });
    expect(attributes['none']).toBeUndefined();
  });

  it.each([
    ['X-Twilio-AccountSid', 'sip.twilio.accountSid'],
    ['X-Twilio-CallSid', 'sip.twilio.callSid'],
    ['X-call_leg_id', 'sip.telnyx.callLegID'],
    ['X-call_session_id', 'sip.telnyx.callSessionID'],
    ['X-Amzn-ConnectContactId', 'sip.amazon.contactId'],
    ['X-Amzn-ConnectInitialContactId', 'sip.amazon.initialContactId'],
    ['X-Amzn-SourceAccount', 'sip.amazon.sourceAccount'],
    ['X-Amzn-SourceArn', 'sip.amazon.sourceArn'],
    ['X-Amzn-TargetArn', 'sip.amazon.targetArn'],
    ['X-Lk-Test-Id', 'lktest.id'],
  ])('hold %s as %s', (name, attribute) => {
    expect(attributesOf({ inviteHeaders: [header(name, 'v')] })[attribute]).toBe('v');
  });
});

describe('precedence of attributes', () => {
  const mappedTo = (attribute: string) =>
    attributesOf({
      inviteHeaders: [header('X-A', 'header'), header('X-Twilio-CallSid', 'twilio')],
      headersToAttributes: { 'X-A': attribute },
      includeHeaders: SIPHeaderOptions.SIP_X_HEADERS,
    })[attribute];

  it('lets a mapped header win over the rule', () => {
    expect(mappedTo('tier')).toBe('header');
  });

  it('lets a mapped header win over an included one', () => {
    expect(mappedTo('sip.h.x-twilio-callsid')).toBe('header');
  });

  it.each([
    ['sip.callTag', '1928301774'],
    ['sip.callIDFull', 'a84b4c76e66710@192.0.2.1'],
    ['sip.twilio.callSid', 'twilio'],
    ['sip.callStatus', 'ringing'],
  ])('does not let a mapped header win over %s', (attribute, value) => {
    expect(mappedTo(attribute)).toBe(value);
  });

  it('does not let an empty header erase what the rule says', () => {
    const attributes = attributesOf({
      inviteHeaders: [header('X-A', '')],
      headersToAttributes: { 'X-A': 'tier' },
    });
    expect(attributes['tier']).toBe('gold');
  });
});

describe('bounds of attributes from headers', () => {
  it('keep every attribute of rule and call and drop included headers before mapped ones', () => {
    const headers = [
      header('X-Mapped', 'mapped'),
      ...Array.from({ length: 100 }, (_, index) => header(`X-${index}`, 'v')),
    ];
    const { attributes, dropped } = participantAttributes({
      ...invite,
      inviteHeaders: headers,
      headersToAttributes: { 'X-Mapped': 'mapped' },
      includeHeaders: SIPHeaderOptions.SIP_X_HEADERS,
    });
    expect(attributes.size).toBe(edgeLimits.attributesMax);
    expect(attributes.get('mapped')).toBe('mapped');
    expect(attributes.get('sip.callID')).toBe('SCL_4xYpQ2mNkT7w');
    expect(dropped).toContain('sip.h.x-0');
  });

  it('drop a value that is too long rather than cut it', () => {
    const long = 'é'.repeat(edgeLimits.attributeBytesMax / 2 + 1);
    const { attributes, dropped } = participantAttributes({
      ...invite,
      inviteHeaders: [header('X-A', long)],
      headersToAttributes: { 'X-A': 'a' },
    });
    expect(attributes.has('a')).toBe(false);
    expect(dropped).toEqual(['a']);
  });

  it('hold all of them together under the bound of LiveKit', () => {
    const headers = Array.from({ length: 60 }, (_, index) =>
      header(`X-${index}`, 'v'.repeat(edgeLimits.attributeBytesMax)),
    );
    const { attributes } = participantAttributes({
      ...invite,
      inviteHeaders: headers,
      includeHeaders: SIPHeaderOptions.SIP_X_HEADERS,
    });
    const bytes = [...attributes].reduce(
      (sum, [name, value]) => sum + name.length + value.length,
      0,
    );
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThanOrEqual(edgeLimits.attributesTotalBytesMax);
  });
});

describe('hostile headers', () => {
  it('cannot reach the prototype of anything by their names', () => {
    const headers = [header('__proto__', 'x'), header('constructor', 'y')];
    const { attributes } = participantAttributes({
      ...invite,
      inviteHeaders: headers,
      includeHeaders: SIPHeaderOptions.SIP_ALL_HEADERS,
      headersToAttributes: { constructor: 'c' },
    });
    expect(attributes.get('sip.h.__proto__')).toBe('x');
    expect(attributes.get('c')).toBe('y');
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });
});
