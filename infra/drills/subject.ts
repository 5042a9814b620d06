/** What is put through a drill: Callgate, or livekit/sip beside it. Both are a bridge between SIP and a real livekit-server. */
import type { ProcessEnd } from '../local/local-process.ts';

export interface Subject {
  readonly livekit: { readonly url: string; readonly apiKey: string; readonly apiSecret: string };
  /** `address:port` of the SIP listener. */
  readonly sip: string;
  /** Address of this machine that its rooms' media comes to. */
  readonly roomAddress: string;
  /** Called numbers that are routed, each into a room `desk_<number>`. */
  readonly numbers: readonly string[];
  /** The process that calls go through. */
  readonly bridge: Killable;
  /** livekit-server. */
  readonly room: Killable;
  /** Starts the bridge again as its service manager would. Call when it has ended. */
  restartBridge(): Promise<void>;
  /** Starts livekit-server again at the same address. Call when it has ended. */
  restartRoom(): Promise<void>;
  stop(): Promise<void>;
}

export interface Killable {
  readonly pid: number | null;
  readonly ended: Promise<ProcessEnd>;
  kill(signal: NodeJS.Signals): void;
}
