/**
 * The other side of a measured call: a room participant that says bursts and tells when it hears one. It is our own direct client,
 * because LiveKit's SDK takes more of the machine than the node that is measured.
 */
import { AccessToken } from 'livekit-server-sdk';
import { systemClock } from '../../media-node/src/clock.ts';
import { OpusEncoder } from '../../media-node/src/media/audio/opus-encoder.ts';
import { TrackDecoder } from '../../media-node/src/media/bridge/track-decoder.ts';
import { MediaTick } from '../../media-node/src/media/media-tick.ts';
import { DirectRoom } from '../../media-node/src/media/room/direct/direct-room.ts';
import type { EncodedFrame } from '../../media-node/src/media/room/room.ts';
import { silentLog } from '../../media-node/src/ops/log.ts';
import type { SampleSource } from '../audio/tone.ts';
import type { LivekitServer } from '../local/livekit-server.ts';

const rateHz = 8_000;
const frameSamples = 160;
/** Opus counts at 48 kHz whatever it codes. RFC 7587 §4.1. */
const timestampStep = 960;
const joinMs = 10_000;
const loopback = '127.0.0.1';
/** As loud as speech, for the active-speaker list. */
const levelDbov = -20;

const tick = new MediaTick(systemClock);

export interface RoomListener {
  /** Packets of others that came. */
  packetsHeard(): number;
  leave(): Promise<void>;
}

/** Where the next Opus packet of 20 ms comes from. */
export type OpusSource = () => Uint8Array;

/** Joins and publishes. @throws Error when the room cannot be joined */
export function joinRoom(
  livekit: LivekitAccess,
  room: string,
  says: SampleSource,
  hears: (samples: Int16Array) => void,
): Promise<RoomListener> {
  const decoder = new TrackDecoder(rateHz);
  return joinWith(livekit, room, encoded(says), (frame) => {
    const samples = decoder.decode(frame);
    if (samples !== null) hears(samples);
  });
}

/**
 * Joins and publishes what is encoded already, and listens to nothing: cheap enough for many in one process.
 * @param address of this machine that its packets come from
 * @throws Error when the room cannot be joined
 */
export function joinDeaf(
  livekit: LivekitAccess,
  room: string,
  says: OpusSource,
  address = loopback,
): Promise<RoomListener> {
  return joinWith(livekit, room, says, () => {}, address);
}

type LivekitAccess = Pick<LivekitServer, 'url' | 'apiKey' | 'apiSecret'>;

async function joinWith(
  livekit: LivekitAccess,
  room: string,
  says: OpusSource,
  hear: (frame: EncodedFrame) => void,
  address = loopback,
): Promise<RoomListener> {
  const token = new AccessToken(livekit.apiKey, livekit.apiSecret, { identity: 'listener' });
  token.addGrant({ roomJoin: true, room, canPublish: true, canSubscribe: true });
  let packets = 0;
  let onJoined = () => {};
  let onEnded: (error: Error) => void = () => {};
  const joined = new Promise<void>((settle, fail) => {
    onJoined = settle;
    onEnded = fail;
  });
  const member = new DirectRoom(
    {
      onJoined: () => onJoined(),
      onSubscribed: () => {},
      onTrack: () => {},
      onTrackEnded: () => {},
      onAttributes: () => {},
      onDigits: () => {},
      onRequest: () => {},
      onFrame: (_track, frame) => {
        packets += 1;
        hear(frame);
      },
      onEnded: (reason) => onEnded(new Error(`room ${room}: ${reason}`)),
    },
    { clock: systemClock, tick, log: silentLog, bindAddress: address },
  );
  member.join({
    url: livekit.url,
    token: await token.toJwt(),
    timeoutMs: joinMs,
    trackName: 'voice',
  });
  await joined;
  const stop = speak(member, says);
  return {
    packetsHeard: () => packets,
    leave: async () => {
      stop();
      await member.leave();
    },
  };
}

/** What a source says, encoded as it is asked for. */
export function encoded(says: SampleSource): OpusSource {
  const encoder = new OpusEncoder(rateHz);
  const samples = new Int16Array(frameSamples);
  return () => {
    says(samples);
    return encoder.encode(samples);
  };
}

function speak(room: DirectRoom, says: OpusSource): () => void {
  let [sequence, timestamp] = [0, 0];
  return tick.everyTick(() => {
    const payload = says();
    const frame = {
      codec: 'opus',
      ssrc: 0,
      payload,
      timestamp,
      sequence,
      marker: sequence === 0,
    } as const;
    room.send(frame, levelDbov);
    sequence = (sequence + 1) & 0xffff;
    timestamp = (timestamp + timestampStep) >>> 0;
  });
}
