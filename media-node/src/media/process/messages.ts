/**
 * What the main process and a media process say to each other: the media port as plain data, one number for each session. Only what is in these types
 * crosses; log lines come back the same way, so that redaction stays in one place.
 */
import type { OutcomeReason } from '@callgate/shared/call/outcome.ts';
import type { LogLevel } from '../../ops/log.ts';
import type { MediaFigures } from '../media-figures.ts';
import type {
  MediaEvent,
  MediaLoad,
  MediaStats,
  PhoneStream,
  RoomAnswer,
  RoomAudio,
  RoomRequest,
  SoundName,
  SoundOptions,
} from '../media-session.ts';
import type { RoomClientName } from '../room/room-client.ts';

/** How audio goes before everything else: nicer than the rest, or in real time. */
export type AudioPriority = 'nice' | 'realtime';

/** The first message to a process. */
export interface ProcessSettings {
  readonly address: string;
  readonly advertise: string | null;
  readonly roomAddress: string | null;
  readonly roomClient: RoomClientName;
  readonly roomAudio: RoomAudio;
  readonly portRange: { readonly from: number; readonly to: number };
  readonly promptsFolder: string | null;
  readonly audioPriority: AudioPriority;
}

export type ToProcess =
  | { readonly do: 'start'; readonly settings: ProcessSettings }
  | { readonly do: 'open'; readonly session: number; readonly callId: string }
  | { readonly do: 'set-stream'; readonly session: number; readonly stream: PhoneStream }
  | {
      readonly do: 'join';
      readonly session: number;
      readonly room: { readonly url: string; readonly token: string; readonly timeoutMs: number };
    }
  | { readonly do: 'preview'; readonly session: number }
  | {
      readonly do: 'connect';
      readonly session: number;
      readonly timeouts: { readonly firstMediaMs: number; readonly silenceMs: number };
    }
  | {
      readonly do: 'play';
      readonly session: number;
      readonly sound: SoundName;
      readonly options: SoundOptions;
    }
  | { readonly do: 'stop-sound'; readonly session: number }
  | { readonly do: 'receive-digit'; readonly session: number; readonly digit: string }
  | {
      readonly do: 'set-attributes';
      readonly session: number;
      readonly attributes: Readonly<Record<string, string>>;
    }
  | {
      readonly do: 'respond';
      readonly session: number;
      readonly request: Pick<RoomRequest, 'id' | 'caller'>;
      readonly answer: RoomAnswer;
    }
  | { readonly do: 'close'; readonly session: number }
  /** Close everything and end. */
  | { readonly do: 'stop' };

/** How busy a process is. */
export type ProcessLoad = MediaLoad;

export type FromProcess =
  | {
      readonly kind: 'opened';
      readonly session: number;
      readonly local: { readonly address: string; readonly port: number };
    }
  | {
      readonly kind: 'not-opened';
      readonly session: number;
      readonly reason: OutcomeReason;
      readonly message: string;
    }
  | { readonly kind: 'event'; readonly session: number; readonly event: MediaEvent }
  | { readonly kind: 'closed'; readonly session: number; readonly stats: MediaStats | null }
  /** Every second, and after each change; its absence means that the process hangs. */
  | { readonly kind: 'load'; readonly load: ProcessLoad; readonly figures: MediaFigures }
  | {
      readonly kind: 'log';
      readonly level: LogLevel;
      readonly event: string;
      readonly fields: Readonly<Record<string, unknown>>;
    };
