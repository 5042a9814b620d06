import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../app.ts';
import { systemClock } from '../clock.ts';

let forwarded: Request[] = [];

beforeEach(() => {
  forwarded = [];
  vi.stubGlobal('fetch', async (input: RequestInfo, init?: RequestInit) => {
    forwarded.push(new Request(input, init));
    return Response.json({ rooms: [] }, { headers: { 'set-cookie': 'a=b' } });
  });
});
afterEach(() => vi.unstubAllGlobals());

const send = (path: string, init: RequestInit = {}, settings = {}) =>
  createApp(systemClock).fetch(
    new Request(`https://edge.test${path}`, { method: 'POST', body: '{"names":[]}', ...init }),
    { ...env, ...settings },
    createExecutionContext(),
  );

describe('the rest of the LiveKit API', () => {
  it("is LiveKit's own answer to the same request", async () => {
    const response = await send('/twirp/livekit.RoomService/ListRooms', {
      headers: { authorization: 'Bearer x', 'content-type': 'application/json', cookie: 'c=d' },
    });
    expect(await response.json()).toEqual({ rooms: [] });
    expect(response.headers.get('set-cookie')).toBeNull();
    const [request] = forwarded;
    expect(request?.url).toBe('https://livekit.test/twirp/livekit.RoomService/ListRooms');
    expect(Object.fromEntries(request?.headers ?? [])).toEqual({
      authorization: 'Bearer x',
      'content-type': 'application/json',
    });
    expect(await request?.text()).toBe('{"names":[]}');
  });

  it('takes duplicate slashes for one', async () => {
    expect((await send('//twirp//livekit.SIP/ListSIPInboundTrunk')).status).toBe(404);
    expect(forwarded).toEqual([]);
  });

  it('is not there when it is switched off', async () => {
    const settings = { FORWARD_LIVEKIT_API: 'false' };
    const response = await send('/twirp/livekit.RoomService/ListRooms', {}, settings);
    expect(await response.json()).toMatchObject({ code: 'bad_route' });
    expect(forwarded).toEqual([]);
  });

  it.each(['/twirp/other.Service/Call', '/twirp/livekit.RoomService', '/twirp/livekit.A/../../x'])(
    'does not reach %s',
    async (path) => {
      expect((await send(path)).status).toBe(404);
      expect(forwarded).toEqual([]);
    },
  );

  it('is unavailable while LiveKit is away', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new Error('connection refused')));
    const response = await send('/twirp/livekit.RoomService/ListRooms');
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      code: 'unavailable',
      msg: 'LiveKit cannot be reached',
    });
  });

  it('names the variable when LIVEKIT_URL is wrong', async () => {
    const response = await send('/twirp/livekit.RoomService/ListRooms', {}, { LIVEKIT_URL: 'x' });
    expect(await response.json()).toMatchObject({
      code: 'internal',
      msg: expect.stringContaining('LIVEKIT_URL'),
    });
  });

  it('may be asked from any origin', async () => {
    const response = await send('/twirp/livekit.SIP/ListSIPInboundTrunk', {
      method: 'OPTIONS',
      body: null,
      headers: {
        origin: 'https://app.test',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-headers')).toBe('authorization');
    expect(response.headers.get('access-control-max-age')).toBe('86400');
  });
});
