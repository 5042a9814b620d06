/**
 * `POST /twirp/livekit.SIP/<Method>`: the service that LiveKit's SDKs and `lk` call, answered by the routing table. Authentication,
 * encodings and errors are those of livekit-server.
 */

import {
  type AnyMessage,
  BinaryReader,
  type JsonValue,
  type MessageType,
} from '@bufbuild/protobuf';
import { edgeLimits } from '@callgate/shared/limits.ts';
import { sipRpcs } from '@callgate/shared/livekit-api/handle-sip-request.ts';
import { outboundText } from '@callgate/shared/livekit-api/outbound-trunks.ts';
import { TransferSIPParticipantRequest, TransferSIPParticipantResponse } from '@livekit/protocol';
import { ConfigError, type Env } from '../env.ts';
import { Problem } from '../http/problem.ts';
import { parseJson, readBytes } from '../http/read-body.ts';
import { logLine } from '../log.ts';
import { routingTableOf } from '../routing/table/routing-table.ts';
import { type ApiToken, apiTokenOf, authorOf } from '../trust/api-token.ts';
import { bearerOf } from '../trust/bearer.ts';
import { fromProtoJson, toProtoJson } from './proto-json.ts';
import { protoJsonFault } from './proto-json-fault.ts';
import { transferParticipant } from './transfer-participant.ts';
import { badRoute, encodingOf, noHandler, type TwirpEncoding, TwirpError } from './twirp.ts';

/** How to store what does not fit into one request. */
const largerText = 'longer lists go in by several updates (list.add), or by PUT /v1/routing';

/** RPCs of the service that Callgate does not do: it brings calls in, it makes none. */
const outboundRpcs: ReadonlySet<string> = new Set([
  'CreateSIPOutboundTrunk',
  'UpdateSIPOutboundTrunk',
  'GetSIPOutboundTrunk',
  'ListSIPOutboundTrunk',
  'CreateSIPParticipant',
]);

/** Answers one request of livekit.SIP, whatever goes wrong. */
export async function answerSip(request: Request, env: Env, method: string): Promise<Response> {
  try {
    return await answer(request, env, method);
  } catch (error) {
    if (error instanceof TwirpError) return error.toResponse();
    if (error instanceof Problem && error.code === 'body-too-large')
      return new TwirpError('malformed', `body: ${error.message}; ${largerText}`).toResponse();
    if (error instanceof ConfigError) return new TwirpError('internal', error.message).toResponse();
    logLine('error', 'twirp-failed', { method, message: String(error) });
    return new TwirpError('internal', 'internal error').toResponse();
  }
}

async function answer(request: Request, env: Env, method: string): Promise<Response> {
  const token = await apiTokenOf(request, env);
  // livekit-server refuses a bad token before Twirp, in plain text.
  if (token.kind === 'invalid') return new Response(invalidTokenText(request), { status: 401 });
  if (request.method !== 'POST')
    throw badRoute(
      request,
      () => `unsupported method ${JSON.stringify(request.method)} (only POST is allowed)`,
    );
  if (method === 'TransferSIPParticipant') return await transfer(request, env, token);
  const rpc = sipRpcs.get(method);
  if (rpc === undefined && !outboundRpcs.has(method)) throw noHandler(request);
  const encoding = encodingOf(request);
  const claims = token.kind === 'valid' ? token.claims : null;
  if (claims?.sip?.admin !== true && !(rpc === undefined && claims?.sip?.call === true))
    throw new TwirpError('unauthenticated', 'permissions denied');
  if (rpc === undefined) throw new TwirpError('unimplemented', outboundText);
  const message = decode(rpc.request, encoding, await readBytes(request, edgeLimits.bodyBytesMax));
  const author = claims === null ? '' : authorOf(claims);
  const result = await routingTableOf(env).sip(method, message.toBinary(), author);
  if (result.kind === 'error') throw new TwirpError(result.code, result.msg);
  return encode(rpc.response, encoding, result.response);
}

/** The one RPC that is about a call and not about routing. */
async function transfer(request: Request, env: Env, token: ApiToken): Promise<Response> {
  const encoding = encodingOf(request);
  const bytes = await readBytes(request, edgeLimits.bodyBytesMax);
  const message = decode(TransferSIPParticipantRequest, encoding, bytes);
  if (!(message instanceof TransferSIPParticipantRequest))
    throw new TypeError('decoded as another message');
  const deadline = request.headers.get('x-twirp-timeout-ms') ?? '';
  const deadlineMs = /^\d{1,9}$/.test(deadline) ? Number(deadline) : null;
  const claims = token.kind === 'valid' ? token.claims : null;
  const response = await transferParticipant(message, claims, env, deadlineMs);
  return encode(TransferSIPParticipantResponse, encoding, response.toBinary());
}

/** livekit-server says more, the token itself among it; whoever guesses keys or secrets learns nothing here. */
function invalidTokenText(request: Request): string {
  return bearerOf(request).kind === 'malformed'
    ? 'invalid authorization header. Must start with Bearer '
    : 'invalid authorization token';
}

function decode(type: MessageType, encoding: TwirpEncoding, bytes: Uint8Array): AnyMessage {
  if (encoding === 'json') return decodeJson(type, bytes);
  try {
    return type.fromBinary(bytes, { readerFactory });
  } catch {
    throw malformed(encoding, `body: expected a ${type.typeName}`);
  }
}

function decodeJson(type: MessageType, bytes: Uint8Array): AnyMessage {
  const options = { ignoreUnknownFields: true };
  let json: JsonValue = null;
  try {
    json = parseJson(bytes) as JsonValue;
    return fromProtoJson(type, json, options);
  } catch (error) {
    if (error instanceof Problem) throw malformed('json', error.message);
    const { path, detail } = protoJsonFault(type, json, options);
    throw malformed('json', `${path === '' ? 'body' : path}: ${detail}`);
  }
}

/** Twirp's own words; what is wrong stands beside them. */
function malformed(encoding: TwirpEncoding, detail: string): TwirpError {
  return new TwirpError('malformed', `the ${encoding} request could not be decoded`, { detail });
}

/** Text that is not UTF-8 is an error (proto3), not text with replacement characters. */
function readerFactory(bytes: Uint8Array): BinaryReader {
  return new BinaryReader(bytes, new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }));
}

function encode(type: MessageType, encoding: TwirpEncoding, response: Uint8Array): Response {
  if (encoding === 'protobuf')
    return new Response(response, { headers: { 'content-type': 'application/protobuf' } });
  return new Response(JSON.stringify(toProtoJson(type.fromBinary(response))), {
    headers: { 'content-type': 'application/json' },
  });
}
