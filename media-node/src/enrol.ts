/**
 * `callgate-node enrol` and `callgate-node rotate`: trade a one-time code, or the token in force, for a new token, and write it to the token file. A running node takes it
 * from there by itself.
 */
import { nodeTokenAnswer } from '@callgate/shared/contract/enrolment.ts';
import { edgeLimits } from '@callgate/shared/limits.ts';
import type * as z from 'zod';
import { systemClock } from './clock.ts';
import { KeepAliveClient } from './edge/keep-alive-client.ts';
import { readToken, roomForToken } from './edge/token-file.ts';

export interface EnrolOptions {
  readonly edgeUrl: URL;
  readonly tokenFile: string;
}

/** How long the edge is given, ms. */
const answerMs = 10_000;

/** Trades a code for the first token. @returns the name of the node. @throws Error with what the edge said */
export async function enrol({ edgeUrl, tokenFile }: EnrolOptions, code: string): Promise<string> {
  return await take(edgeUrl, 'v1/nodes/enrol', tokenFile, { body: JSON.stringify({ code }) });
}

/** Trades the token in force for a new one. @throws Error with what the edge said; then the old one stays */
export async function rotate({ edgeUrl, tokenFile }: EnrolOptions): Promise<string> {
  const authorization = `Bearer ${readToken(tokenFile)}`;
  return await take(edgeUrl, 'v1/nodes/rotate', tokenFile, { authorization });
}

interface Asking {
  readonly body?: string;
  readonly authorization?: string;
}

async function take(edgeUrl: URL, path: string, tokenFile: string, how: Asking): Promise<string> {
  const room = await roomForToken(tokenFile);
  try {
    const { name, token } = await ask(edgeUrl, path, how);
    await room.keep(token);
    return name;
  } catch (error) {
    await room.leave();
    throw error;
  }
}

async function ask(
  edgeUrl: URL,
  path: string,
  { body, authorization }: Asking,
): Promise<z.infer<typeof nodeTokenAnswer>> {
  const base = edgeUrl.pathname.endsWith('/') ? edgeUrl : new URL(`${edgeUrl.href}/`);
  const client = new KeepAliveClient(systemClock);
  const { status, text } = await client
    .post(new URL(path, base), {
      headers: {
        'content-type': 'application/json',
        ...(authorization === undefined ? {} : { authorization }),
      },
      body: body ?? '',
      timeoutMs: answerMs,
      answerBytesMax: edgeLimits.bodyBytesMax,
    })
    .finally(() => client.close());
  if (status !== 201) throw new Error(`${edgeUrl.origin}: HTTP ${status} ${detailOf(text)}`);
  return nodeTokenAnswer.parse(JSON.parse(text));
}

/** What a problem document says; nothing of anything else. */
function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown };
    return typeof detail === 'string' ? detail.slice(0, 200) : '';
  } catch {
    // A proxy's page says nothing that belongs on a terminal.
    return '';
  }
}
