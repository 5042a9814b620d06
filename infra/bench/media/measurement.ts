/** What one run says of one bridge, whoever judged it: the judge from outside, or our own phones. */
import type { Summary } from '../distribution.ts';

export interface Measurement {
  readonly bridge: string;
  readonly calls: number;
  readonly answered: number;
  /** Of one core, bridge processes only. */
  readonly cpuPercentPerCall: number;
  /** All processes of the bridge, shared pages by share (PSS). */
  readonly memoryMb: number;
  readonly phoneToRoomMs: Summary | null;
  readonly roomToPhoneMs: Summary | null;
  /** From the first INVITE to the challenge, which a node may be able to say by itself to a number called before; null: this judge does not say. */
  readonly toChallengeMs: Summary | null;
  /** From the INVITE that carries the credentials. */
  readonly to180Ms: Summary | null;
  readonly to200Ms: Summary | null;
  /** From the 200 to the first audible packet of the room at the phone, by the phone's own clock; null: this judge does not say. */
  readonly firstAudioAfter200Ms: Summary | null;
  /** The same as both leave the bridge, by the kernel's times on the wire; null: this judge does not say, or may not listen there. */
  readonly firstAudioOnWireMs: Summary | null;
  /** Packets that arrived against packets that were due, 1 is all. */
  readonly deliveredToPhone: number;
  readonly deliveredToRoom: number | null;
  /** The judge itself had no processor left: the run says nothing. */
  readonly isVoid: boolean;
}

/** Something that takes calls: where it listens, and where its rooms are. */
export interface Bridge {
  readonly name: string;
  /** `127.0.0.1:5060` */
  readonly sip: string;
  readonly livekit: { readonly url: string; readonly apiKey: string; readonly apiSecret: string };
  /** Base URL of its livekit.SIP API. */
  readonly apiUrl: string;
  /** Its own process; children count with it. */
  readonly pid: number;
  stop(): Promise<void>;
}

export interface Load {
  readonly calls: number;
  /** Calls placed a second. */
  readonly rate: number;
  readonly holdS: number;
}

/** The user and password that every bench call brings. */
export const benchCredentials = { user: 'bench', password: 'benchpass' } as const;
export const firstNumber = 15_551_000;
