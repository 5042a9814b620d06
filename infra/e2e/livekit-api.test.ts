/** One URL for the whole of LiveKit's API: what is not livekit.SIP is answered by a real livekit-server behind the edge, for its own SDK, unless that is switched off. */
import { AccessToken, RoomServiceClient, TwirpError } from 'livekit-server-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEdge } from '../local/edge.ts';
import { type Stack, startStack } from '../local/stack.ts';
import { buildWorker } from '../local/worker-bundle.ts';

const name = 'made through the edge';

let stack: Stack;
let direct: RoomServiceClient;
let throughEdge: RoomServiceClient;
beforeAll(async () => {
  stack = await startStack();
  const { url, apiKey, apiSecret } = stack.livekit;
  direct = new RoomServiceClient(url.replace(/^ws/, 'http'), apiKey, apiSecret);
  throughEdge = new RoomServiceClient(stack.edge.url, apiKey, apiSecret);
});
afterAll(async () => {
  await stack?.stop();
});

const names = async (rooms: RoomServiceClient) =>
  (await rooms.listRooms()).map((room) => room.name);

describe('RoomService at the URL of the edge', () => {
  it('makes, lists and deletes rooms of LiveKit', async () => {
    const made = await throughEdge.createRoom({ name, metadata: '{"desk":"ü"}', emptyTimeout: 60 });
    const [listed] = await direct.listRooms([name]);
    expect(listed).toEqual((await throughEdge.listRooms([name]))[0]);
    expect(listed?.sid).toBe(made.sid);
    expect(listed?.metadata).toBe('{"desk":"ü"}');
    await throughEdge.deleteRoom(name);
    expect(await names(direct)).toEqual([]);
  });

  it("passes LiveKit's errors on as they are", async () => {
    const asks = (rooms: RoomServiceClient) =>
      rooms.removeParticipant('no such room', 'nobody').catch((error: unknown) => error);
    const [told, meant] = [await asks(throughEdge), await asks(direct)];
    expect(meant).toBeInstanceOf(TwirpError);
    expect(told).toEqual(meant);
  });

  it('leaves it to LiveKit whose token may do it', async () => {
    const { apiKey } = stack.livekit;
    const forged = new RoomServiceClient(stack.edge.url, apiKey, 'not-the-secret-of-this-livekit');
    await expect(forged.listRooms()).rejects.toMatchObject({ status: 401 });
    const token = new AccessToken(apiKey, stack.livekit.apiSecret, { identity: 'nobody' });
    const response = await fetch(`${stack.edge.url}/twirp/livekit.RoomService/ListRooms`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await token.toJwt()}`,
        'content-type': 'application/json',
      },
      body: '{}',
    });
    expect(response.status).toBe(401);
  });
});

it('is not there where FORWARD_LIVEKIT_API is "false"', async () => {
  const edge = await startEdge({
    bundle: await buildWorker(`${stack.folder}/second-bundle`),
    stateFolder: `${stack.folder}/second-edge`,
    livekit: stack.livekit,
    variables: { FORWARD_LIVEKIT_API: 'false' },
  });
  try {
    const { apiKey, apiSecret } = stack.livekit;
    const rooms = new RoomServiceClient(edge.url, apiKey, apiSecret);
    await expect(rooms.listRooms()).rejects.toMatchObject({ status: 404, code: 'bad_route' });
  } finally {
    await edge.stop();
  }
});
