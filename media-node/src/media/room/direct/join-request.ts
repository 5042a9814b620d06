/**
 * How a participant asks to join a room in LiveKit's one-connection mode: `GET /rtc/v1?join_request=...` as WebSocket. Our offer and the track
 * we are going to publish travel in the request, so that the server's answer already carries the room's audio. Pure.
 */
import { gzipSync } from 'node:zlib';
import {
  AddTrackRequest,
  ClientInfo,
  ClientInfo_SDK,
  ConnectionSettings,
  JoinRequest,
  SessionDescription,
  TrackSource,
  TrackType,
  WrappedJoinRequest,
  WrappedJoinRequest_Compression,
} from '@livekit/protocol';

/** The signalling version that we speak: everything up to leave requests with actions and disconnected updates. */
const signalProtocol = 16;

export interface PublishedTrack {
  /** Client id: the track id in the offer's msid. */
  readonly cid: string;
  readonly name: string;
}

/** The track we publish, as LiveKit wants to hear of it. RED would double each packet for a phone's audio. */
function addTrackRequest({ cid, name }: PublishedTrack): AddTrackRequest {
  return new AddTrackRequest({
    cid,
    name,
    type: TrackType.AUDIO,
    source: TrackSource.MICROPHONE,
    disableRed: true,
  });
}

/** The join request as the value of the `join_request` parameter, not yet escaped. */
export function encodeJoinRequest(
  offerSdp: string,
  track: PublishedTrack,
  version: string,
): string {
  const request = new JoinRequest({
    // The SDK family that has no ICE over TCP: after a failed connection the server would offer nothing else to others.
    clientInfo: new ClientInfo({ sdk: ClientInfo_SDK.GO, protocol: signalProtocol, version }),
    connectionSettings: new ConnectionSettings({ autoSubscribe: true }),
    addTrackRequests: [addTrackRequest(track)],
    publisherOffer: new SessionDescription({ type: 'offer', sdp: offerSdp, id: 1 }),
  });
  const wrapped = new WrappedJoinRequest({
    compression: WrappedJoinRequest_Compression.GZIP,
    joinRequest: gzipSync(request.toBinary()),
  });
  // The server decodes base64url with padding only.
  return Buffer.from(wrapped.toBinary())
    .toString('base64')
    .replaceAll('+', '-')
    .replaceAll('/', '_');
}

/**
 * The WebSocket URL of a LiveKit server. A path in `url` stays in front, `http` becomes `ws`.
 * @throws TypeError when `url` is no URL
 */
export function signalUrl(url: string, joinRequest: string): URL {
  const result = new URL(url);
  if (result.protocol === 'http:') result.protocol = 'ws:';
  if (result.protocol === 'https:') result.protocol = 'wss:';
  result.pathname = `${result.pathname.replace(/\/$/, '')}/rtc/v1`;
  result.search = '';
  result.searchParams.set('join_request', joinRequest);
  return result;
}
