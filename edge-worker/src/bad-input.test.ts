/**
 * Bad input at every way into the routing table: a clear error that names the field and what was expected, nothing stored, and the table at the revision it had.
 */
import { exports } from 'cloudflare:workers';
import { CreateSIPInboundTrunkRequest } from '@livekit/protocol';
import { Webhook } from 'standardwebhooks';
import { beforeEach, describe, expect, it } from 'vitest';
import { testWebhookSecrets } from '../testdata/bindings.ts';
import { apiAuthorization, asAdmin, putRouting, send } from '../testdata/requests.ts';

const json = { 'content-type': 'application/json' };
const trunk = { sip_trunk_id: 'ST_a', numbers: ['+15550100'] };
const rule = {
  sip_dispatch_rule_id: 'SDR_a',
  rule: { dispatch_rule_direct: { room_name: 'lobby' } },
};

interface Answer {
  readonly status: number;
  /** The whole body. */
  readonly text: string;
}

async function stored(): Promise<string> {
  return (await asAdmin('GET', '/v1/routing')).text();
}

let before = '';
beforeEach(async () => {
  await putRouting({ trunks: [trunk], rules: [rule] });
  before = await stored();
});

/** The answer, once it has been seen that the table, its revision included, is as it was. */
async function refused(asked: Promise<Response>): Promise<Answer> {
  const response = await asked;
  const answer = { status: response.status, text: await response.text() };
  expect(answer.text).not.toContain('secret');
  expect(await stored()).toBe(before);
  return answer;
}

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const document = (trunks: string, rules = '[]') => `{"trunks":${trunks},"rules":${rules}}`;

/** Texts that are no document, and what the error names. */
const badDocuments: [string, string | Uint8Array, number, RegExp][] = [
  ['broken JSON', '{"trunks":["secret"', 400, /the body is not JSON/],
  ['an empty body', '', 400, /the body is not JSON/],
  ['a byte order mark', `\ufeff${document('[]')}`, 400, /the body is not JSON/],
  ['text that is not UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), 400, /not UTF-8/],
  ['deep nesting', document(nested(40)), 400, /at most 32 levels/],
  ['nesting that would end the stack', document(nested(200_000)), 400, /at most 32 levels/],
  ['__proto__', document('[{"__proto__":{"numbers":["+1"]}}]'), 400, /trunks\.0\.__proto__/],
  [
    '__proto__ as an attribute',
    document('[]', '[{"attributes":{"__proto__":"x"}}]'),
    400,
    /rules\.0\.attributes\.__proto__/,
  ],
  ['a name twice', '{"trunks":[],"rules":[],"trunks":[]}', 400, /trunks: stands twice/],
  ['an unknown field', document('[{"colour":"secret"}]'), 400, /trunks\.0\.colour: there is no/],
  ['a wrong type', document('[{"numbers":"secret"}]'), 400, /trunks\.0\.numbers: expected an arr/],
  [
    'a wrong enum',
    document('[{"include_headers":"secret"}]'),
    400,
    /trunks\.0\.include_headers: expected one of SIP_NO_HEADERS/,
  ],
  [
    'a wrong duration',
    document('[{"ringing_timeout":"secret"}]'),
    400,
    /trunks\.0\.ringing_timeout: expected a duration/,
  ],
  [
    'a wrong type far inside',
    document('[{"media":{"codecs":[{"name":"PCMU","rate":"secret"}]}}]'),
    400,
    /trunks\.0\.media\.codecs\.0\.rate: expected a whole number/,
  ],
  [
    'a number that is too large for its field',
    document('[{"media":{"codecs":[{"name":"PCMU","rate":4294967296}]}}]'),
    400,
    /trunks\.0\.media\.codecs\.0\.rate/,
  ],
  [
    'an invalid CIDR',
    document('[{"allowed_addresses":["10.0.0.0/8","10.0.0.0/33"]}]'),
    422,
    /allowed_addresses\[1\] must be an IP address or a prefix/,
  ],
  [
    'a host name for an address',
    document('[{"allowed_addresses":["sip.example.com"]}]'),
    422,
    /allowed_addresses\[0\]/,
  ],
  [
    'an id twice',
    document('[{"sip_trunk_id":"T","numbers":["+1"]},{"sip_trunk_id":"T","numbers":["+2"]}]'),
    422,
    /trunks\.1\.sip_trunk_id: is used twice/,
  ],
  [
    'an id with blanks',
    document('[{"sip_trunk_id":"T 1","numbers":["+1"]}]'),
    422,
    /trunks\.0\.id: expected 1 to 128 printable/,
  ],
  [
    'two trunks for one number',
    document('[{"numbers":["+1 (555) 0100"]},{"numbers":["15550100"]}]'),
    422,
    /Conflicting inbound SIP Trunks/,
  ],
  [
    'two rules for one call',
    document(
      '[]',
      '[{"rule":{"dispatch_rule_direct":{}}},{"rule":{"dispatch_rule_callee":{"room_prefix":"x"}}}]',
    ),
    422,
    /Dispatch rule for the same trunk/,
  ],
  [
    'a rule of no kind',
    document('[]', '[{"rule":{"dispatch_rule_direct":null}}]'),
    422,
    /rules\.0\.rule: unsupported SIP Dispatch Rule/,
  ],
  [
    'a header that may not be set',
    document('[{"numbers":["+1"],"headers":{"Call-ID":"x"}}]'),
    422,
    /trunks\.0\.headers: invalid header name/,
  ],
  ['10 MB and more', `"${'x'.repeat(10_485_760)}"`, 413, /at most 10485760 bytes/],
];

describe('PUT /v1/routing with', () => {
  it.each(badDocuments)('%s is refused', async (_what, body, status, detail) => {
    const answer = await refused(asAdmin('PUT', '/v1/routing', body, json));
    expect(answer.status).toBe(status);
    expect((JSON.parse(answer.text) as { detail: string }).detail).toMatch(detail);
  });

  it('a body in pieces that announces no length is counted as it comes', async () => {
    const piece = new Uint8Array(1_048_576).fill(0x20);
    let pieces = 0;
    const body = new ReadableStream({
      pull(controller) {
        pieces += 1;
        controller.enqueue(piece);
        if (pieces === 64) controller.close();
      },
    });
    const authorization = await apiAuthorization({ admin: true });
    const request = new Request('https://edge.test/v1/routing', {
      method: 'PUT',
      headers: { ...json, authorization },
      body,
    });
    expect((await refused(exports.default.fetch(request))).status).toBe(413);
    expect(pieces).toBeLessThan(20);
  });

  it('another content type is refused', async () => {
    const answer = await refused(
      asAdmin('PUT', '/v1/routing', document('[]'), { 'content-type': 'text/plain' }),
    );
    expect(answer).toMatchObject({ status: 415, text: expect.stringContaining('content-type') });
  });

  it.each([
    ['"0"', 412, 'revision-mismatch'],
    ['"999999"', 412, 'revision-mismatch'],
    ['twelve', 400, 'bad-field'],
    ['"1", "2"', 400, 'bad-field'],
  ])('If-Match %s is refused', async (etag, status, code) => {
    const answer = await refused(
      asAdmin('PUT', '/v1/routing', document('[]'), { ...json, 'if-match': etag }),
    );
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({
      code,
      detail: expect.stringContaining('if-match'),
    });
  });
});

describe('PATCH /v1/routing with', () => {
  it.each<[string, string, number, RegExp]>([
    ['a member that is no object', '{"trunks":{"ST_a":5}}', 422, /trunks\.ST_a: expected an obj/],
    ['a wrong type', '{"trunks":{"ST_a":{"numbers":"secret"}}}', 422, /trunks\.ST_a\.numbers/],
    ['an unknown field', '{"trunks":{"ST_a":{"colour":1}}}', 422, /trunks\.ST_a\.colour/],
    ['__proto__', '{"trunks":{"__proto__":{"numbers":["+1"]}}}', 400, /trunks\.__proto__/],
    ['a text', '"secret"', 400, /body: expected an object/],
  ])('%s is refused', async (_what, body, status, detail) => {
    const answer = await refused(asAdmin('PATCH', '/v1/routing', body, json));
    expect(answer.status).toBe(status);
    expect((JSON.parse(answer.text) as { detail: string }).detail).toMatch(detail);
  });
});

describe('livekit.SIP with', () => {
  const create = '/twirp/livekit.SIP/CreateSIPInboundTrunk';
  const protobuf = { 'content-type': 'application/protobuf' };
  const whole = new CreateSIPInboundTrunkRequest({ trunk: { numbers: ['+1'] } }).toBinary();

  it.each<[string, string | Uint8Array, object, RegExp]>([
    ['broken JSON', '{"trunk":"secret"', json, /the body is not JSON/],
    ['a wrong type', '{"trunk":{"numbers":"secret"}}', json, /trunk\.numbers: expected an array/],
    ['a name twice', '{"trunk":{},"trunk":{"numbers":["+1"]}}', json, /trunk: stands twice/],
    ['deep nesting', `{"trunk":${nested(40)}}`, json, /at most 32 levels/],
    ['__proto__', '{"__proto__":{"trunk":{"numbers":["+1"]}}}', json, /__proto__/],
    ['a text of half a character', '{"trunk":{"numbers":["\\ud800"]}}', json, /trunk\.numbers\.0/],
    ['protobuf that is cut', whole.subarray(0, -1), protobuf, /CreateSIPInboundTrunkRequest/],
    ['protobuf that is none', new Uint8Array(64).fill(0xff), protobuf, /CreateSIPInboundTrunk/],
    ['text that is not UTF-8', new Uint8Array([10, 3, 18, 1, 0xff]), protobuf, /CreateSIPInbou/],
  ])('%s is malformed', async (_what, body, headers, detail) => {
    const answer = await refused(asAdmin('POST', create, body, headers));
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toEqual({
      code: 'malformed',
      msg: expect.stringMatching(/^the (json|protobuf) request could not be decoded$/),
      meta: { detail: expect.stringMatching(detail) },
    });
  });

  it('more than 64 KB says how else it gets in', async () => {
    const numbers = Array.from({ length: 6_000 }, (_, n) => `+1555${n}00000`);
    const answer = await refused(asAdmin('POST', create, { trunk: { numbers } }));
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({
      code: 'malformed',
      msg: expect.stringMatching(/^body: expected at most 65536 bytes; .*PUT \/v1\/routing/),
    });
  });

  it('an invalid CIDR is refused by its place in the list', async () => {
    const body = { trunk: { allowed_addresses: ['10.0.0.0/8', '10.0.0.0/33'] } };
    const answer = await refused(asAdmin('POST', create, body));
    expect(JSON.parse(answer.text)).toMatchObject({
      code: 'invalid_argument',
      msg: expect.stringContaining('allowed_addresses[1]'),
    });
  });

  it('a trunk that has grown beyond its bound is refused', async () => {
    const add = (from: number) => ({
      sip_trunk_id: 'ST_a',
      update: {
        numbers: { add: Array.from({ length: 30 }, (_, n) => `${'9'.repeat(2_000)}${from + n}`) },
      },
    });
    let answer = { code: '', msg: '' };
    for (let from = 0; answer.code === '' && from < 900; from += 30) {
      before = await stored();
      const response = await asAdmin('POST', '/twirp/livekit.SIP/UpdateSIPInboundTrunk', add(from));
      if (!response.ok) answer = (await response.json()) as typeof answer;
    }
    expect(answer).toMatchObject({ code: 'invalid_argument', msg: expect.stringMatching(/bytes/) });
    expect(await stored()).toBe(before);
  });
});

describe('POST /hooks/routing with', () => {
  const message = (trunks: object[]) =>
    JSON.stringify({ type: 'routing.replace', data: { trunks, rules: [] } });
  const post = (body: string, { signs = body, ageS = 0 } = {}) => {
    const at = new Date(Date.now() - ageS * 1_000);
    const id = `msg_${crypto.randomUUID()}`;
    return send('POST', '/hooks/routing', body, {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(testWebhookSecrets[0] ?? '').sign(id, at, signs),
    });
  };

  it.each([
    ['the signature of another body', { signs: '{}' }],
    ['a timestamp of ten minutes ago', { ageS: 600 }],
    ['a timestamp of ten minutes ahead', { ageS: -600 }],
  ])('%s is refused', async (_what, how) => {
    const answer = await refused(post(message([]), how));
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'bad-signature' });
  });

  it('an unknown field in what it brings is refused', async () => {
    const answer = await refused(post(message([{ colour: 'secret' }])));
    expect(JSON.parse(answer.text)).toMatchObject({ detail: expect.stringMatching(/trunks\.0/) });
  });
});

describe('an unknown revision', () => {
  it.each([
    ['GET', '/v1/routing/revisions/999999', undefined],
    ['GET', '/v1/routing/revisions/0/diff', undefined],
    ['POST', '/v1/routing/revisions/999999/rollback', {}],
    ['POST', '/v1/routing/simulate', { call: {}, revision: 999_999 }],
  ])('is not found: %s %s', async (method, path, body) => {
    const answer = await refused(asAdmin(method, path, body));
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.text)).toMatchObject({ detail: expect.stringContaining('revision') });
  });
});

describe('two writers at once', () => {
  it('leave what they would have left one after the other', async () => {
    const writers = Array.from({ length: 12 }, (_, n) =>
      asAdmin('POST', '/twirp/livekit.SIP/CreateSIPInboundTrunk', {
        trunk: { name: `writer ${n}`, numbers: [`+1555020${n % 4}`] },
      }),
    );
    const statuses = (await Promise.all(writers)).map(({ status }) => status);
    // Of the three that want one number, one gets it.
    expect(statuses.toSorted()).toEqual([...Array(4).fill(200), ...Array(8).fill(400)]);
    const { revision, trunks } = JSON.parse(await stored()) as {
      revision: number;
      trunks: { numbers: string[] }[];
    };
    expect(revision).toBe((JSON.parse(before) as { revision: number }).revision + 4);
    expect(new Set(trunks.flatMap(({ numbers }) => numbers)).size).toBe(5);
    const { revisions } = (await (await asAdmin('GET', '/v1/routing/revisions')).json()) as {
      revisions: { revision: number; changes: number }[];
    };
    expect(revisions.slice(0, 4).map(({ changes }) => changes)).toEqual([1, 1, 1, 1]);
  });
});
