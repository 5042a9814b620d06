/**
 * Commands: what an operator, or LiveKit's API, has a media node do. They travel over the link (link.ts), and each is answered by one
 * result with its id.
 */
import * as z from 'zod';
import { callLimits, commandLimits } from '../limits.ts';
import { callId } from './offer.ts';

export const logLevel = z.enum(['debug', 'info', 'warn', 'error']);

/** Headers for a BYE or a REFER. What must not go out is left out by the node. */
export const extraHeaders = z
  .record(
    z.string().max(commandLimits.headerNameCharactersMax),
    z.string().max(commandLimits.headerValueCharactersMax),
  )
  .refine(
    (headers) => Object.keys(headers).length <= commandLimits.headersMax,
    `expected ${commandLimits.headersMax} headers at most`,
  );

export const nodeCommand = z.discriminatedUnion('do', [
  /** Take no new calls; when those that are up have ended, or at the deadline by BYE, end the process if `exit` says so. */
  z.object({
    do: z.literal('drain'),
    deadline_ms: z.int().min(0).max(callLimits.durationMaxMs),
    exit: z.boolean(),
  }),
  /** Take calls again. */
  z.object({ do: z.literal('undrain') }),
  z.object({ do: z.literal('hang-up'), call_id: callId, headers: extraHeaders }),
  /** Ask the caller by REFER (RFC 3515) to call somebody else. */
  z.object({
    do: z.literal('transfer'),
    call_id: callId,
    /** sip, sips or tel URI. */
    to: z.string().max(commandLimits.targetCharactersMax),
    headers: extraHeaders,
    /** Let the caller hear ringing meanwhile, and not the room. */
    play_dialtone: z.boolean(),
    timeout_ms: z.int().positive(),
  }),
  z.object({ do: z.literal('log-level'), level: logLevel }),
]);

/** Why a node did not do what it was told. */
export const refusedCommand = z.enum([
  'unknown-call',
  'not-answered',
  'transferring-elsewhere',
  'bad-target',
  'unknown-command',
  'failed',
]);

export const commandResult = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('done') }),
  z.object({ kind: z.literal('refused'), why: refusedCommand, detail: z.string().max(1_024) }),
  /** How a transfer went: `status` is the SIP status that the caller, or whom it called, gave. */
  z.object({
    kind: z.literal('transfer'),
    outcome: z.enum(['transferred', 'refused-by-caller', 'refused-by-target', 'timeout', 'ended']),
    status: z.int().nullable(),
  }),
]);

export type NodeCommand = z.infer<typeof nodeCommand>;
export type CommandResult = z.infer<typeof commandResult>;

export const nodeCommandExamples: { readonly [K in NodeCommand['do']]: NodeCommand } = {
  drain: { do: 'drain', deadline_ms: 600_000, exit: true },
  undrain: { do: 'undrain' },
  'hang-up': { do: 'hang-up', call_id: 'SCL_4xYpQ2mNkT7w', headers: { 'X-Reason': 'done' } },
  transfer: {
    do: 'transfer',
    call_id: 'SCL_4xYpQ2mNkT7w',
    to: 'sip:+15550123@pbx.example.com',
    headers: {},
    play_dialtone: true,
    timeout_ms: 30_000,
  },
  'log-level': { do: 'log-level', level: 'debug' },
};
export const commandResultExamples: { readonly [K in CommandResult['kind']]: CommandResult } = {
  done: { kind: 'done' },
  refused: { kind: 'refused', why: 'unknown-call', detail: 'no such call is up on this node' },
  transfer: { kind: 'transfer', outcome: 'refused-by-target', status: 486 },
};
