/** Media in this process: opens sessions, counts them, closes them all. Ports, sounds and the tick are shared by the sessions. */
import { mediaLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../clock.ts';
import { areDescriptorsLeft, residentBytes } from '../descriptors.ts';
import type { Log } from '../ops/log.ts';
import { PartError } from '../part-error.ts';
import { ownPrompts } from '../program-files.ts';
import { LocalMediaSession } from './local-media-session.ts';
import { addRtp, type MediaFigures, noRtp } from './media-figures.ts';
import type { MediaEvent, MediaLoad, MediaPool, MediaSession, RoomAudio } from './media-session.ts';
import { MediaTick } from './media-tick.ts';
import type { RoomEvents, RoomSendCodec } from './room/room.ts';
import { loadRoomClient, type RoomClient, type RoomClientName } from './room/room-client.ts';
import { RtpPortRange } from './rtp/rtp-port-range.ts';
import { SoundLibrary } from './sounds/sound-library.ts';

export interface LocalMediaPoolOptions {
  /** Address literal that RTP is bound to. */
  readonly address: string;
  /** Address that SDP names when it is another one, behind a NAT; null: `address`. */
  readonly advertise: string | null;
  /** Address literal that media to LiveKit leaves from; null: any of this machine's. */
  readonly roomAddress: string | null;
  /** Which client joins rooms; left out: `direct`. */
  readonly roomClient?: RoomClientName;
  /** What rooms get; left out: `opus`. */
  readonly roomAudio?: RoomAudio;
  /** RTP ports; both ends belong to the range, even ones are used. */
  readonly portRange: { readonly from: number; readonly to: number };
  /** Folder of prompts, one folder a language in it; left out: those of this repository. */
  readonly promptsFolder?: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** @throws Error when a prompt is missing or cannot be read */
export class LocalMediaPool implements MediaPool {
  readonly isReady = true;
  readonly #options: LocalMediaPoolOptions;
  readonly #ports: RtpPortRange;
  readonly #tick: MediaTick;
  readonly #sounds: SoundLibrary;
  readonly #sessions = new Set<LocalMediaSession>();
  readonly #roomClient: Promise<RoomClient>;
  /** Of sessions that are over. */
  #rtpBefore = noRtp;

  constructor(options: LocalMediaPoolOptions) {
    this.#options = options;
    this.#ports = new RtpPortRange({
      address: options.address,
      range: options.portRange,
      clock: options.clock,
    });
    this.#tick = new MediaTick(options.clock);
    this.#sounds = SoundLibrary.read(options.promptsFolder ?? ownPrompts);
    this.#roomClient = loadRoomClient(options.roomClient ?? 'direct', {
      clock: options.clock,
      bindAddress: options.roomAddress,
    });
    this.#roomClient.catch((error: unknown) =>
      options.log('error', 'room-client-not-loaded', { why: error }),
    );
  }

  async open(callId: string, onEvent: (event: MediaEvent) => void): Promise<MediaSession> {
    const { clock, advertise } = this.#options;
    const log: Log = (level, event, fields) =>
      this.#options.log(level, event, { call_id: callId, ...fields });
    if (!areDescriptorsLeft(mediaLimits.descriptorsLeftMin))
      throw new PartError('over-capacity', 'no files or sockets are left: raise LimitNOFILE');
    const client = await this.#roomClient;
    const ports = await this.#ports.take();
    const session: LocalMediaSession = new LocalMediaSession({
      ports,
      advertise,
      clock,
      tick: this.#tick,
      log,
      sounds: this.#sounds,
      onEvent,
      roomCodecs: client.sendCodecs,
      roomAudio: this.#options.roomAudio ?? 'opus',
      createRoom: (events: RoomEvents, codec: RoomSendCodec) =>
        client.create(
          events,
          { clock, tick: this.#tick, log, bindAddress: this.#options.roomAddress },
          codec,
        ),
      onClosed: () => {
        this.#rtpBefore = addRtp(this.#rtpBefore, session.rtp);
        this.#ports.release(ports);
        this.#sessions.delete(session);
      },
    });
    this.#sessions.add(session);
    return session;
  }

  /** Media that runs in this process dies with it. */
  readonly restarts = 0;

  stats(): MediaLoad {
    const { size: sessions } = this.#sessions;
    return { sessions, rtpPortsBound: this.#ports.size, residentBytes: 0, coresUsed: 0 };
  }

  figures(): readonly [MediaFigures] {
    let rtp = this.#rtpBefore;
    for (const session of this.#sessions) rtp = addRtp(rtp, session.rtp);
    const { lateTicks } = this.#tick;
    return [{ sessions: this.#sessions.size, residentBytes: residentBytes(), rtp, lateTicks }];
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions].map((session) => session.close()));
    await this.#ports.close();
    // One that could not be loaded keeps nothing.
    const client = await this.#roomClient.catch(() => null);
    await client?.close();
  }
}
