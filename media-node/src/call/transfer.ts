/**
 * The transfer of a call (REFER, RFC 3515): one at a time; a second wish for the same target shares the result, one for another is refused. The caller may hear ringing
 * meanwhile instead of the room. A transfer that fails leaves the call as it was.
 */
import type { CommandResult, NodeCommand } from '@callgate/shared/contract/command.ts';
import type { MediaSession } from '../media/media-session.ts';
import type { Log } from '../ops/log.ts';
import { PartError } from '../part-error.ts';
import type { ReferOutcome, SipHeader } from '../sip/sip-endpoint.ts';
import type { HeaderMap } from './headers-out.ts';
import type { SipLeg } from './sip-leg.ts';

export type TransferOrder = Extract<NodeCommand, { do: 'transfer' }>;

export interface TransferParts {
  readonly sip: SipLeg;
  readonly session: () => MediaSession | null;
  /** Lets the caller hear it ring, with the tone that the call's trunk and rule have chosen. */
  readonly ring: () => void;
  /** Headers of the call together with those of this transfer. */
  readonly headersWith: (more: HeaderMap) => SipHeader[];
  /** Whether the call is up: answered and acknowledged. */
  readonly isUp: () => boolean;
  readonly log: Log;
  /** The new call was answered. */
  readonly onTransferred: () => void;
}

export class Transfer {
  readonly #parts: TransferParts;
  #going: { readonly to: string; readonly result: Promise<CommandResult> } | null = null;
  #isAccepted = false;

  constructor(parts: TransferParts) {
    this.#parts = parts;
  }

  /** The caller has agreed to a transfer that has not failed: a BYE of its means that it is gone to the target. */
  get isAccepted(): boolean {
    return this.#isAccepted;
  }

  /** Transfers the call. Never rejects. */
  async begin(order: TransferOrder): Promise<CommandResult> {
    const going = this.#going;
    if (going !== null) {
      if (going.to === order.to) return going.result;
      const detail = 'the call is already being transferred to somebody else';
      return { kind: 'refused', why: 'transferring-elsewhere', detail };
    }
    if (!this.#parts.isUp())
      return { kind: 'refused', why: 'not-answered', detail: 'the call is not up' };
    const result = this.#refer(order);
    this.#going = { to: order.to, result };
    return await result.finally(() => {
      this.#going = null;
    });
  }

  async #refer({ to, headers, play_dialtone, timeout_ms }: TransferOrder): Promise<CommandResult> {
    const { sip, ring, session, headersWith, log } = this.#parts;
    if (play_dialtone) ring();
    log('info', 'transfer-asked', { scheme: to.split(':')[0] });
    let outcome: ReferOutcome;
    try {
      outcome = await sip.refer({
        to,
        timeoutMs: timeout_ms,
        onAccepted: () => {
          this.#isAccepted = true;
        },
        headers: headersWith(headers),
      });
    } catch (error) {
      if (play_dialtone) session()?.stopSound();
      const detail = error instanceof PartError ? error.message : 'the transfer failed';
      log('warn', 'transfer-failed', { why: error });
      return { kind: 'refused', why: 'bad-target', detail };
    }
    log('info', 'transfer-ended', { ...outcome });
    if (outcome.kind === 'transferred') this.#parts.onTransferred();
    else if (outcome.kind !== 'ended') {
      this.#isAccepted = false;
      if (play_dialtone) session()?.stopSound();
    }
    return resultOf(outcome);
  }
}

function resultOf(outcome: ReferOutcome): CommandResult {
  switch (outcome.kind) {
    case 'transferred':
      return { kind: 'transfer', outcome: 'transferred', status: 200 };
    case 'refused':
      return { kind: 'transfer', outcome: `refused-by-${outcome.by}`, status: outcome.status };
    case 'timeout':
      return { kind: 'transfer', outcome: 'timeout', status: null };
    case 'ended': {
      const how = outcome.wasAccepted ? 'transferred' : 'ended';
      return { kind: 'transfer', outcome: how, status: null };
    }
    default:
      return outcome satisfies never;
  }
}
