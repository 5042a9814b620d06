/**
 * What participants may ask of the SIP participant by RPC, as with LiveKit's own service: `lk.sip.EndCall` ends the call with headers of theirs, `lk.sip.GetRemoteHeaders`
 * tells the headers of the INVITE. Pure.
 */
import { extraHeaders } from '@callgate/shared/contract/command.ts';
import * as z from 'zod';
import type { RoomAnswer, RoomRequest } from '../media/media-session.ts';
import type { SipHeader } from '../sip/sip-endpoint.ts';
import type { HeaderMap } from './headers-out.ts';

export interface RoomReply {
  readonly answer: RoomAnswer;
  /** Headers of the BYE; null: the call goes on. */
  readonly hangUpWith: HeaderMap | null;
}

/** LiveKit's code for an error of the application (RpcError.ErrorCode.APPLICATION_ERROR). */
const applicationError = 1_500;

const endCallRequest = z.object({ headers: extraHeaders.default({}) });
const headersRequest = z.object({
  include: z.array(z.string().max(255)).max(64).default([]),
  exclude: z.array(z.string().max(255)).max(64).default([]),
});

/** Lower-case names that make the protocol work and mean nothing to an application. */
const ofTheProtocol: ReadonlySet<string> = new Set([
  ...['via', 'route', 'record-route', 'max-forwards', 'call-id', 'cseq', 'contact', 'from', 'to'],
  ...['content-type', 'content-length', 'content-encoding', 'content-disposition'],
  ...['v', 'i', 'm', 'f', 't', 'c', 'l', 'e'],
]);

/** @param headers of the INVITE */
export function replyToRoom(request: RoomRequest, headers: readonly SipHeader[]): RoomReply {
  const payload = parse(request.payload);
  switch (request.method) {
    case 'lk.sip.EndCall': {
      const reading = endCallRequest.safeParse(payload);
      return reading.success
        ? { answer: { payload: '{}' }, hangUpWith: reading.data.headers }
        : wrong('expected {"headers": {"Name": "value"}}');
    }
    case 'lk.sip.GetRemoteHeaders': {
      const reading = headersRequest.safeParse(payload);
      if (!reading.success) return wrong('expected {"include": ["Name"], "exclude": ["Name"]}');
      const shown = remoteHeaders(headers, reading.data);
      return { answer: { payload: JSON.stringify({ headers: shown }) }, hangUpWith: null };
    }
    default:
      return request.method satisfies never;
  }
}

function remoteHeaders(
  headers: readonly SipHeader[],
  { include, exclude }: z.infer<typeof headersRequest>,
): HeaderMap {
  const names = (list: readonly string[]) => new Set(list.map((name) => name.toLowerCase()));
  const [included, excluded] = [names(include), names(exclude)];
  return Object.fromEntries(
    headers
      .filter(({ name }) => {
        const key = name.toLowerCase();
        const isWanted = included.size === 0 || included.has(key);
        return isWanted && !excluded.has(key) && !ofTheProtocol.has(key);
      })
      .map(({ name, value }) => [name, value]),
  );
}

function wrong(message: string): RoomReply {
  return { answer: { code: applicationError, message }, hangUpWith: null };
}

/** No payload stands for an empty object. */
function parse(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    // The schemas refuse null.
    return null;
  }
}
