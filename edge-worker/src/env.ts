/**
 * What the Worker is given: bindings, variables and secrets of wrangler.toml. Each variable is read through one function here,
 * checked when it is first used; a wrong one is a ConfigError that names the variable and what was expected, and never
 * shows what it holds.
 */

import { readHeaderPairs } from '@callgate/shared/header-pairs.ts';
import { linkLimits, pinLimits, recordLimits, webhookLimits } from '@callgate/shared/limits.ts';
import * as z from 'zod';
import type { TrunkCalls } from './caps/trunk-calls.ts';
import type { Delivery } from './events/event.ts';
import type { Webhooks } from './events/webhooks.ts';
import type { LiveCalls } from './live/live-calls.ts';
import type { NodeLink } from './nodes/node-link.ts';
import type { PinLockout } from './offers/pin-lockout.ts';
import type { CallRecords } from './records/call-records.ts';
import type { RoutingTable } from './routing/table/routing-table.ts';
import type { DigestAlgorithmName } from './trust/digest/digest-algorithms.ts';

export interface Env {
  readonly ROUTING: KVNamespace;
  readonly ROUTING_TABLE: DurableObjectNamespace<RoutingTable>;
  readonly CALL_RECORDS: DurableObjectNamespace<CallRecords>;
  readonly LIVE_CALLS: DurableObjectNamespace<LiveCalls>;
  readonly NODE_LINK: DurableObjectNamespace<NodeLink>;
  readonly PIN_LOCKOUT: DurableObjectNamespace<PinLockout>;
  readonly TRUNK_CALLS: DurableObjectNamespace<TrunkCalls>;
  readonly WEBHOOKS: DurableObjectNamespace<Webhooks>;
  readonly EVENTS: Queue<Delivery>;
  readonly LIVEKIT_URL?: string;
  readonly LIVEKIT_API_KEY?: string;
  readonly LIVEKIT_API_SECRET?: string;
  readonly ALLOW_TRUNKLESS_CALLS?: string;
  readonly STRANGERS?: string;
  readonly DIGEST_ALGORITHMS?: string;
  readonly FORWARD_LIVEKIT_API?: string;
  readonly WEBHOOK_SECRETS?: string;
  readonly WEBHOOK_RETRIES?: string;
  readonly WEBHOOK_LOOPBACK?: string;
  readonly RECORD_DAYS?: string;
  readonly PIN_ATTEMPTS?: string;
  readonly NODE_TOKENS?: string;
  readonly NODE_LOST_SECONDS?: string;
  readonly SEALING_KEY?: string;
  readonly NONCE_SECRET?: string;
  readonly OTLP_URL?: string;
  readonly OTLP_HEADERS?: string;
}

/** A variable of the Worker is missing or does not hold what it must. */
export class ConfigError extends Error {
  constructor(variable: string, expected: string) {
    super(`${variable}: expected ${expected}`);
    this.name = 'ConfigError';
  }
}

/** LiveKit's URL, key and secret. @throws ConfigError */
export function livekitOf(env: Env): { url: string; apiKey: string; apiSecret: string } {
  const url = env.LIVEKIT_URL ?? '';
  if (!/^(wss?|https?):\/\/[^/]/.test(url) || !URL.canParse(url))
    throw new ConfigError(
      'LIVEKIT_URL',
      'a URL that starts with wss://, ws://, https:// or http://',
    );
  return { url, ...apiCredentialOf(env) };
}

/** The one LiveKit API credential: key (`iss` of tokens) and secret. @throws ConfigError */
export function apiCredentialOf(env: Env): { apiKey: string; apiSecret: string } {
  return {
    apiKey: textOf(env, 'LIVEKIT_API_KEY', 'a LiveKit API key'),
    apiSecret: textOf(env, 'LIVEKIT_API_SECRET', 'the secret of LIVEKIT_API_KEY'),
  };
}

/** Key of the HMAC in digest nonces. @throws ConfigError */
export function nonceSecretOf(env: Env): string {
  const secret = env.NONCE_SECRET ?? '';
  if (secret.length < 16) throw new ConfigError('NONCE_SECRET', 'at least 16 characters');
  return secret;
}

/** Key that seals trunk passwords: 32 bytes. @throws ConfigError */
export function sealingKeyOf(env: Env): Uint8Array {
  const text = env.SEALING_KEY ?? '';
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(text);
  const key = isBase64 ? new Uint8Array(Buffer.from(text, 'base64')) : new Uint8Array();
  if (key.length !== 32) throw new ConfigError('SEALING_KEY', '32 bytes in base64');
  return key;
}

/** Where spans of decisions go, and what is sent along; null: nowhere. @throws ConfigError */
export function otlpOf(
  env: Env,
): { url: string; headers: Readonly<Record<string, string>> } | null {
  const text = env.OTLP_URL ?? '';
  if (text === '') return null;
  if (!/^https?:\/\//.test(text) || !URL.canParse(text))
    throw new ConfigError('OTLP_URL', 'a URL that starts with https:// or http://');
  const headers = readHeaderPairs(env.OTLP_HEADERS ?? '');
  if (headers === null)
    throw new ConfigError('OTLP_HEADERS', 'name=value, several with commas between');
  return { url: `${text.replace(/\/$/, '')}/v1/traces`, headers };
}

/** Whether a call that matches no trunk may reach the rules without trunk_ids. @throws ConfigError */
export function allowsTrunklessCalls(env: Env): boolean {
  return choiceOf(env, 'ALLOW_TRUNKLESS_CALLS', ['false', 'true']) === 'true';
}

/** What a call that matches no trunk gets. @throws ConfigError */
export function answerToStrangers(env: Env): 'refuse' | 'drop' {
  return choiceOf(env, 'STRANGERS', ['refuse', 'drop']);
}

/** What callers are challenged with, in the order of the challenges. @throws ConfigError */
export function digestAlgorithmsOf(env: Env): readonly DigestAlgorithmName[] {
  const choice = choiceOf(env, 'DIGEST_ALGORITHMS', ['SHA-256,MD5', 'SHA-256', 'MD5']);
  return choice.split(',') as DigestAlgorithmName[];
}

/** Whether LiveKit's other services are reached through this Worker. @throws ConfigError */
export function forwardsLivekitApi(env: Env): boolean {
  return choiceOf(env, 'FORWARD_LIVEKIT_API', ['true', 'false']) === 'true';
}

/** How often a caller may key in a PIN in one call. @throws ConfigError */
export function pinAttemptsOf(env: Env): number {
  const text = env.PIN_ATTEMPTS ?? String(pinLimits.attemptsDefault);
  const attempts = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (attempts < 1 || attempts > pinLimits.attemptsMax)
    throw new ConfigError('PIN_ATTEMPTS', `a number from 1 to ${pinLimits.attemptsMax}`);
  return attempts;
}

/** Secrets that sign webhooks to us, `whsec_…`, several while they are rotated; none: the hook is closed. @throws ConfigError */
export function webhookSecretsOf(env: Env): readonly string[] {
  const secrets = (env.WEBHOOK_SECRETS ?? '').split(/[\s,]+/).filter((secret) => secret !== '');
  if (secrets.some((secret) => !/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/.test(secret)))
    throw new ConfigError(
      'WEBHOOK_SECRETS',
      'whsec_ and 24 to 64 bytes in base64, several separated by blanks',
    );
  return secrets;
}

/** Waits before the second try of an event and those after it, s. @throws ConfigError */
export function webhookRetriesOf(env: Env): readonly number[] {
  const text = env.WEBHOOK_RETRIES ?? webhookLimits.retriesS.join(',');
  const waits = /^\d{1,5}(,\d{1,5})*$/.test(text) ? text.split(',').map(Number) : [];
  if (waits.length !== webhookLimits.retriesS.length || waits.some(isTooLong))
    throw new ConfigError(
      'WEBHOOK_RETRIES',
      `${webhookLimits.retriesS.length} numbers of seconds up to ${webhookLimits.retryMaxS}, with commas between`,
    );
  return waits;
}

function isTooLong(waitS: number): boolean {
  return waitS > webhookLimits.retryMaxS;
}

/** Whether webhooks may go to this machine, without TLS: for development. @throws ConfigError */
export function allowsLoopbackWebhooks(env: Env): boolean {
  return choiceOf(env, 'WEBHOOK_LOOPBACK', ['false', 'true']) === 'true';
}

/** How many days records are kept. @throws ConfigError */
export function recordDaysOf(env: Env): number {
  const text = env.RECORD_DAYS ?? String(recordLimits.keepDaysDefault);
  const days = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (days < 1 || days > recordLimits.keepDaysMax)
    throw new ConfigError('RECORD_DAYS', `a number from 1 to ${recordLimits.keepDaysMax}`);
  return days;
}

/** A node with calls that was not heard for this long is lost, ms. @throws ConfigError */
export function nodeLostMsOf(env: Env): number {
  const { lostMs, lostMinMs, lostMaxMs } = linkLimits;
  const text = env.NODE_LOST_SECONDS ?? String(lostMs / 1_000);
  const ms = /^\d{1,3}$/.test(text) ? Number(text) * 1_000 : 0;
  if (ms < lostMinMs || ms > lostMaxMs)
    throw new ConfigError(
      'NODE_LOST_SECONDS',
      `a number from ${lostMinMs / 1_000} to ${lostMaxMs / 1_000}`,
    );
  return ms;
}

const nodeTokensSchema = z.record(
  z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  z.string().regex(/^[0-9a-f]{64}$/),
);
const nodeTokensRead = new Map<string, ReadonlyMap<string, string>>();

/** Node name by SHA-256 (lower-case hex) of its token. @throws ConfigError */
export function nodeTokensOf(env: Env): ReadonlyMap<string, string> {
  // None is needed where nodes enrol.
  const text = env.NODE_TOKENS ?? '{}';
  const read = nodeTokensRead.get(text);
  if (read !== undefined) return read;
  const tokens = nodeTokensSchema.safeParse(jsonOrNull(text));
  if (!tokens.success)
    throw new ConfigError(
      'NODE_TOKENS',
      'a JSON object of node name -> SHA-256 of its token in lower-case hex',
    );
  const byHash = new Map(Object.entries(tokens.data).map(([name, hash]) => [hash, name]));
  // One value per deployment: the map only spares parsing it again with every offer.
  nodeTokensRead.clear();
  nodeTokensRead.set(text, byHash);
  return byHash;
}

type TextVariable = 'LIVEKIT_API_KEY' | 'LIVEKIT_API_SECRET';

function textOf(env: Env, variable: TextVariable, expected: string): string {
  const text = env[variable] ?? '';
  if (text === '') throw new ConfigError(variable, expected);
  return text;
}

function choiceOf<const C extends readonly [string, ...string[]]>(
  env: Env,
  variable:
    | 'ALLOW_TRUNKLESS_CALLS'
    | 'WEBHOOK_LOOPBACK'
    | 'STRANGERS'
    | 'FORWARD_LIVEKIT_API'
    | 'DIGEST_ALGORITHMS',
  choices: C,
): C[number] {
  const text = env[variable] ?? choices[0];
  const choice = choices.find((candidate) => candidate === text);
  if (choice === undefined)
    throw new ConfigError(variable, choices.map((c) => `"${c}"`).join(' or '));
  return choice;
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema refuses null with the sentence that names the variable.
    return null;
  }
}
