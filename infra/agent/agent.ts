/**
 * A participant as an agent is one: joins a room with LiveKit's own SDK, waits for the caller, publishes a microphone track and hears
 * what others say. What it hears has gone through LiveKit and LiveKit's own decoder, so it is a judge that we did not write.
 */
import './quiet-sdk.ts';

import {
  AudioFrame,
  AudioSource,
  AudioStream,
  LocalAudioTrack,
  type RemoteParticipant,
  type RemoteTrack,
  Room,
  RoomEvent,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node';
import { AccessToken } from 'livekit-server-sdk';
import { rms } from '../audio/goertzel.ts';
import { Recorder } from '../audio/recorder.ts';
import type { SampleSource } from '../audio/tone.ts';
import type { Sound } from '../audio/wav.ts';

export interface AgentOptions {
  readonly livekit: { readonly url: string; readonly apiKey: string; readonly apiSecret: string };
  readonly room: string;
  readonly identity?: string;
  /** What it says, int16 mono at agentRateHz. Absent: it listens only. */
  readonly says?: SampleSource;
  /** `at-once`, or `caller` (when absent): when the first participant has joined. */
  readonly publishOn?: 'at-once' | 'caller';
  readonly events?: AgentEvents;
}

/** Each once, unless said otherwise, at the instant it happens. */
export interface AgentEvents {
  readonly onParticipant?: (participant: RemoteParticipant) => void;
  /** Our track is published: others may hear us. */
  readonly onPublished?: () => void;
  /** The first sound that is not silence. */
  readonly onFirstSound?: () => void;
  readonly onParticipantLeft?: (identity: string) => void;
  /** A key that a caller pressed; each time. */
  readonly onDigit?: (digit: string) => void;
}

/** Of what the agent says and records. */
export const agentRateHz = 48_000;

const frameMs = 10;
const frameSamples = (agentRateHz * frameMs) / 1_000;
/** How far ahead of the room the agent speaks. */
const queueMs = 100;
/** RMS, int16: comfort noise and codec residue stay below. */
const soundRms = 60;

export class Agent {
  readonly #room = new Room();
  readonly #recorder = new Recorder(agentRateHz);
  readonly #options: AgentOptions;
  readonly #streams = new Set<ReadableStreamDefaultReader<AudioFrame>>();
  #source: AudioSource | null = null;
  #hasHeard = false;
  #isGone = false;

  private constructor(options: AgentOptions) {
    this.#options = options;
  }

  /** Joins. @throws when the room cannot be joined. */
  static async join(options: AgentOptions): Promise<Agent> {
    const agent = new Agent(options);
    await agent.#join();
    return agent;
  }

  /** Identities of the others in the room. */
  get others(): readonly string[] {
    return [...this.#room.remoteParticipants.keys()];
  }

  /** What it has heard so far of all others. */
  heard(): Sound {
    return this.#recorder.sound();
  }

  /** Asks something of another participant (RPC). Rejects with LiveKit's error. */
  async ask(destinationIdentity: string, method: string, payload: string): Promise<string> {
    const request = { destinationIdentity, method, payload };
    return (await this.#room.localParticipant?.performRpc(request)) ?? '';
  }

  /** Presses a key for everybody in the room. */
  async press(digit: string): Promise<void> {
    await this.#room.localParticipant?.publishDtmf('0123456789*#'.indexOf(digit), digit);
  }

  /** Leaves the room and frees what it holds. Idempotent. */
  async leave(): Promise<void> {
    if (this.#isGone) return;
    this.#isGone = true;
    for (const reader of this.#streams) await reader.cancel();
    await this.#room.disconnect();
    await this.#source?.close();
  }

  async #join(): Promise<void> {
    const { livekit, room, identity = 'agent', publishOn = 'caller' } = this.#options;
    const token = new AccessToken(livekit.apiKey, livekit.apiSecret, { identity, ttl: 3_600 });
    token.addGrant({ roomJoin: true, room, canPublish: true, canSubscribe: true });
    this.#room
      .on(RoomEvent.ParticipantConnected, (participant) => this.#onParticipant(participant))
      .on(RoomEvent.ParticipantDisconnected, ({ identity: left }) =>
        this.#options.events?.onParticipantLeft?.(left),
      )
      .on(RoomEvent.DtmfReceived, (_code, digit) => this.#options.events?.onDigit?.(digit))
      .on(RoomEvent.TrackSubscribed, (track) => this.#listen(track));
    await this.#room.connect(livekit.url, await token.toJwt(), {
      autoSubscribe: true,
      dynacast: false,
    });
    if (publishOn === 'at-once' || this.#room.remoteParticipants.size > 0) await this.#publish();
  }

  #onParticipant(participant: RemoteParticipant): void {
    this.#options.events?.onParticipant?.(participant);
    if (this.#options.publishOn === 'at-once') return;
    this.#publish().catch((error: unknown) => {
      // The room may be deleted while we publish; the call then ends, and whoever waits for sound sees that.
      if (!this.#isGone) console.error(`agent cannot publish: ${String(error)}`);
    });
  }

  async #publish(): Promise<void> {
    const { says } = this.#options;
    if (says === undefined || this.#source !== null) return;
    const source = new AudioSource(agentRateHz, 1, queueMs);
    this.#source = source;
    const track = LocalAudioTrack.createAudioTrack('voice', source);
    const options = new TrackPublishOptions();
    options.source = TrackSource.SOURCE_MICROPHONE;
    await this.#room.localParticipant?.publishTrack(track, options);
    this.#options.events?.onPublished?.();
    void this.#speak(source, says);
  }

  /** Speaks until it leaves: the source takes a frame only when it has room for it, which paces us. */
  async #speak(source: AudioSource, says: SampleSource): Promise<void> {
    const samples = new Int16Array(frameSamples);
    while (!this.#isGone) {
      says(samples);
      try {
        await source.captureFrame(new AudioFrame(samples, agentRateHz, 1, frameSamples));
      } catch {
        // The source was closed while it waited: we are leaving.
        return;
      }
    }
  }

  async #listen(track: RemoteTrack): Promise<void> {
    if (track.kind !== TrackKind.KIND_AUDIO || this.#isGone) return;
    const reader = new AudioStream(track, agentRateHz, 1).getReader();
    this.#streams.add(reader);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      this.#recorder.add(value.data);
      if (!this.#hasHeard && rms(value.data) >= soundRms) {
        this.#hasHeard = true;
        this.#options.events?.onFirstSound?.();
      }
    }
    this.#streams.delete(reader);
  }
}
