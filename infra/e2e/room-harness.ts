/** The real parts behind the room contract: a livekit-server, its API, and participants of LiveKit's SDK. */

import { toneShare } from '@callgate/media-node/src/media/audio/tone.ts';
import type {
  OtherParticipant,
  RoomHarness,
} from '@callgate/media-node/src/media/room/room.contract.ts';
import { ParticipantKind } from '@livekit/rtc-node';
import { RoomServiceClient } from 'livekit-server-sdk';
import type { LivekitServer } from '../local/livekit-server.ts';
import { participantRateHz, roomToken, ToneParticipant } from './tone-participant.ts';

export function roomHarness(
  server: LivekitServer,
  createRoom: RoomHarness['createRoom'],
): RoomHarness {
  const api = new RoomServiceClient(
    server.url.replace(/^ws/, 'http'),
    server.apiKey,
    server.apiSecret,
  );
  return {
    url: server.url,
    createRoom,
    token: (room, identity, secret = server.apiSecret) =>
      roomToken({ ...server, apiSecret: secret }, room, identity, 'sip', {
        'sip.trunkID': 'ST_contract',
      }),
    joinOther: async (room, identity) => {
      const participant = await ToneParticipant.join(server, room, identity);
      const mute = async () => {
        for (const sid of participant.trackSids) {
          await api.mutePublishedTrack(room, identity, sid, true);
        }
      };
      return { ...asOther(participant), mute };
    },
    setAttributesOf: async (room, identity, attributes) => {
      await api.updateParticipant(room, identity, { attributes });
    },
    deleteRoom: (room) => api.deleteRoom(room),
    removeParticipant: async (room, identity) => {
      await api.removeParticipant(room, identity);
    },
  };
}

function asOther(participant: ToneParticipant): Omit<OtherParticipant, 'mute'> {
  return {
    play: (frequencyHz) => participant.play(frequencyHz),
    showVideo: () => participant.showVideo(),
    dial: (digits) => participant.dial(digits),
    ask: (destinationIdentity, method, payload) =>
      participant.ask({ destinationIdentity, method, payload }),
    digits: participant.digits,
    hears: (frequencyHz) =>
      participant.heardMs < 1_000
        ? 0
        : toneShare(participant.heard(1_000), frequencyHz, participantRateHz),
    sees: (identity) => {
      const seen = participant.others.find((other) => other.identity === identity);
      if (seen === undefined) return null;
      return {
        kind: seen.info.kind === ParticipantKind.SIP ? 'sip' : 'other',
        attributes: seen.attributes,
        tracks: [...seen.trackPublications.values()].map((track) => track.name ?? ''),
      };
    },
    leave: () => participant.leave(),
  };
}
