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
  ReconnectReason,
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
export function addTrackRequest({ cid, name }: PublishedTrack): AddTrackRequest {
  return new AddTrackRequest({
    cid,
    name,
    type: TrackType.AUDIO,
    source: TrackSource.MICROPHONE,
    disableRed: true,
  });
}

/** Told to the server as version of the client. */
const clientVersion = '0.1.0';

const whoAsks = {
  // The SDK family that has no ICE over TCP: after a failed connection the server would offer nothing else to others.
  clientInfo: new ClientInfo({
    sdk: ClientInfo_SDK.GO,
    protocol: signalProtocol,
    version: clientVersion,
  }),
  connectionSettings: new ConnectionSettings({ autoSubscribe: true }),
};

/** A join as the value of the `join_request` parameter, not yet escaped. */
export function encodeJoinRequest(offerSdp: string, track: PublishedTrack): string {
  return wrap(
    new JoinRequest({
      ...whoAsks,
      addTrackRequests: [addTrackRequest(track)],
      publisherOffer: new SessionDescription({ type: 'offer', sdp: offerSdp, id: 1 }),
    }),
  );
}

/** The same for a participant whose signalling broke while its media went on. */
export function encodeResumeRequest(participantSid: string): string {
  return wrap(
    new JoinRequest({
      ...whoAsks,
      reconnect: true,
      reconnectReason: ReconnectReason.RR_SIGNAL_DISCONNECTED,
      participantSid,
    }),
  );
}

function wrap(request: JoinRequest): string {
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
export function oneConnectionUrl(url: string, joinRequest: string): URL {
  return signalUrl(url, '/rtc/v1', { join_request: joinRequest });
}

/**
 * The same for a server that knows two connections only.
 * @param resumedSid `PA_...` of a participant whose signalling broke while its media went on; null: a join
 * @throws TypeError when `url` is no URL
 */
export function twoConnectionsUrl(url: string, resumedSid: string | null = null): URL {
  const resume = {
    reconnect: '1',
    sid: resumedSid ?? '',
    reconnect_reason: String(ReconnectReason.RR_SIGNAL_DISCONNECTED),
  };
  return signalUrl(url, '/rtc', {
    ...(resumedSid === null ? {} : resume),
    auto_subscribe: '1',
    sdk: 'go',
    protocol: String(signalProtocol),
    version: clientVersion,
  });
}

function signalUrl(url: string, path: string, query: Readonly<Record<string, string>>): URL {
  const result = new URL(url);
  if (result.protocol === 'http:') result.protocol = 'ws:';
  if (result.protocol === 'https:') result.protocol = 'wss:';
  result.pathname = `${result.pathname.replace(/\/$/, '')}${path}`;
  result.search = new URLSearchParams(query).toString();
  return result;
}
