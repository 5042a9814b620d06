/** Follows the ICE restarts of a server that offers (RFC 8839 §4.4.1.1.1) for a library that cannot: what either side is told of the other, and the way between them once there has been one. */
import { randomBytes } from 'node:crypto';
import { mediaLimits, roomLimits } from '@callgate/shared/limits.ts';
import type { Clock, Timer } from '../../../../clock.ts';
import { areDescriptorsLeft } from '../../../../descriptors.ts';
import { IcePath } from './ice-path.ts';
import {
  candidateAddress,
  candidateAddresses,
  hostAddress,
  type IceCredentials,
  iceCredentials,
  isIceLite,
  withCredentials,
  withHostCandidate,
} from './ice-sdp.ts';

export class IceRestarts {
  readonly #clock: Clock;
  readonly #bindAddress: string | null;
  /** No way was found in time. */
  readonly #onFailed: (error: Error) => void;
  /** The server's: those that the library knows, and the newest. */
  #first: IceCredentials | null = null;
  #newest: IceCredentials | null = null;
  /** Ours toward the server since the last restart. */
  #ours: IceCredentials | null = null;
  #path: IcePath | null = null;
  #deadline: Timer | null = null;
  #isOver = false;

  /** @param bindAddress as in PeerOptions. @param onFailed called once per restart at most */
  constructor(clock: Clock, bindAddress: string | null, onFailed: (error: Error) => void) {
    this.#clock = clock;
    this.#bindAddress = bindAddress;
    this.#onFailed = onFailed;
  }

  /** Whether the server begins ICE anew with this offer. */
  isRestart(offerSdp: string): boolean {
    const { ufrag = '', password = '' } = iceCredentials(offerSdp) ?? {};
    if (this.#newest === null) {
      this.#first = { ufrag, password };
      this.#newest = this.#first;
    }
    return this.#newest.ufrag !== ufrag || this.#newest.password !== password;
  }

  /**
   * Makes the way that the restart asks for.
   * @param librarySdp the library's newest description
   * @throws Error when there is no socket to be had, or an SDP tells too little
   */
  async restart(offerSdp: string, librarySdp: string): Promise<void> {
    const [remote, library] = [iceCredentials(offerSdp), iceCredentials(librarySdp)];
    const at = hostAddress(librarySdp);
    if (remote === null || library === null || at === null || this.#first === null)
      throw new Error('an ICE restart without credentials or candidates');
    this.#newest = remote;
    if (this.#path === null) {
      if (!areDescriptorsLeft(mediaLimits.descriptorsLeftMin))
        throw new Error('no files or sockets are left');
      const path = await IcePath.open({
        clock: this.#clock,
        library: { ...library, at },
        before: this.#first,
        bindAddress: this.#bindAddress,
      });
      if (this.#isOver) return path.close();
      this.#path = path;
    }
    this.#ours = {
      ufrag: randomBytes(6).toString('hex'),
      password: randomBytes(16).toString('hex'),
    };
    this.#path.restart(this.#ours, remote, isIceLite(offerSdp));
    for (const address of candidateAddresses(offerSdp)) this.#path.add(address);
    this.#deadline?.cancel();
    this.#deadline = this.#clock.after(roomLimits.rejoinAttemptMs, () => {
      if (this.#path?.isUp !== true) this.#onFailed(new Error('no way after an ICE restart'));
    });
  }

  /** The server's description as the library can take it. */
  forLibrary(offerSdp: string): string {
    return this.#path === null || this.#first === null
      ? offerSdp
      : withCredentials(offerSdp, this.#first);
  }

  /** The library's description as the server must have it. */
  forServer(answerSdp: string): string {
    return this.#path === null || this.#ours === null
      ? answerSdp
      : withHostCandidate(withCredentials(answerSdp, this.#ours), this.#path.at);
  }

  /** A trickled candidate of the server. @returns false: it is for the library */
  candidate(candidate: string): boolean {
    if (this.#path === null) return false;
    const address = candidateAddress(candidate);
    if (address !== null) this.#path.add(address);
    return true;
  }

  close(): void {
    this.#isOver = true;
    this.#deadline?.cancel();
    this.#path?.close();
  }
}
