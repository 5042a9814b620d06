/**
 * `POST /twirp/livekit.SIP/<Method>`: the service that LiveKit's SDKs and `lk` call, answered by the routing table. Authentication,
 * encodings and errors are those of livekit-server.
 */

import type { AnyMessage, JsonObject, MessageType } from '@bufbuild/protobuf';
import { edgeLimits } from '@callgate/shared/limits.ts';
import { type SipRpc, sipRpcs } from '@callgate/shared/livekit-api/handle-sip-request.ts';
import { ConfigError, type Env } from '../env.ts';
import { Problem } from '../http/problem.ts';
import { parseJson, readBytes } from '../http/read-body.ts';
import { logLine } from '../log.ts';
import { routingTableOf } from '../routing/table/routing-table.ts';
import { apiTokenOf, authorOf } from '../trust/api-token.ts';
import { toProtoJson } from './proto-json.ts';
import { encodingOf, type TwirpEncoding, TwirpError } from './twirp.ts';

/** RPCs of the service that Callgate does not do: it brings calls in, it makes none. */
const outboundRpcs: ReadonlySet<string> = new Set([
  'CreateSIPOutboundTrunk',
  'UpdateSIPOutboundTrunk',
  'GetSIPOutboundTrunk',
  'ListSIPOutboundTrunk',
  'CreateSIPParticipant',
  'TransferSIPParticipant',
]);

/** Answers one request of livekit.SIP, whatever goes wrong. */
export async function answerSip(request: Request, env: Env, method: string): Promise<Response> {
  try {
    return await answer(request, env, method);
  } catch (error) {
    if (error instanceof TwirpError) return error.toResponse();
    if (error instanceof Problem && error.code === 'body-too-large')
      return new TwirpError('resource_exhausted', error.message).toResponse();
    if (error instanceof ConfigError) return new TwirpError('internal', error.message).toResponse();
    logLine('error', 'twirp-failed', { method, message: String(error) });
    return new TwirpError('internal', 'internal error').toResponse();
  }
}

async function answer(request: Request, env: Env, method: string): Promise<Response> {
  const token = await apiTokenOf(request, env);
  // livekit-server refuses a bad token before Twirp, in plain text.
  if (token.kind === 'invalid') return new Response('invalid token', { status: 401 });
  if (request.method !== 'POST')
    throw new TwirpError('bad_route', 'unsupported method (only POST is allowed)');
  const rpc = sipRpcs.get(method);
  if (rpc === undefined && !outboundRpcs.has(method))
    throw new TwirpError('bad_route', 'no handler for this path');
  const encoding = encodingOf(request);
  const claims = token.kind === 'valid' ? token.claims : null;
  if (claims?.sip?.admin !== true && !(rpc === undefined && claims?.sip?.call === true))
    throw new TwirpError('unauthenticated', 'permissions denied');
  if (rpc === undefined)
    throw new TwirpError(
      'unimplemented',
      'Callgate brings phone calls into rooms; it makes no calls and keeps no outbound trunks',
    );
  const message = decode(rpc, encoding, await readBytes(request, edgeLimits.bodyBytesMax));
  const author = claims === null ? '' : authorOf(claims);
  const result = await routingTableOf(env).sip(method, message.toBinary(), author);
  if (result.kind === 'error') throw new TwirpError(result.code, result.msg);
  return encode(rpc.response, encoding, result.response);
}

function decode(rpc: SipRpc, encoding: TwirpEncoding, bytes: Uint8Array): AnyMessage {
  try {
    if (encoding === 'protobuf') return rpc.request.fromBinary(bytes);
    const json = parseJson(bytes) as JsonObject;
    return withoutEmptyOneofs(rpc.request.fromJson(json, { ignoreUnknownFields: true }));
  } catch {
    // The decoder's message quotes the body; Twirp's own word for this says enough.
    throw new TwirpError('malformed', `the ${encoding} request could not be decoded`);
  }
}

/** `"replace": null` sets nothing in proto JSON; the decoder leaves a oneof without a value, which cannot be encoded again. */
function withoutEmptyOneofs(message: AnyMessage): AnyMessage {
  for (const field of message.getType().fields.byMember()) {
    if (field.kind !== 'oneof') continue;
    const oneof = message[field.localName] as { case?: string; value?: unknown };
    if (oneof.value === undefined) message[field.localName] = { case: undefined };
  }
  return message;
}

function encode(type: MessageType, encoding: TwirpEncoding, response: Uint8Array): Response {
  if (encoding === 'protobuf')
    return new Response(response, { headers: { 'content-type': 'application/protobuf' } });
  return new Response(JSON.stringify(toProtoJson(type.fromBinary(response))), {
    headers: { 'content-type': 'application/json' },
  });
}
