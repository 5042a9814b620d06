/** An INVITE as the call sees it: plain values, readable text, nothing of the wire. */
import type { InviteRequest, SipParty } from '../sip-endpoint.ts';
import type { IncomingRequest } from '../transaction/incoming-request.ts';
import { readableText } from '../wire/characters.ts';
import { plainList, type SipMessage, type SipRequest } from '../wire/message.ts';
import { partOf } from '../wire/multipart.ts';
import { readUri, type Uri } from '../wire/uri.ts';

const sdpType = 'application/sdp';
const credentialHeaders = ['proxy-authorization', 'authorization'] as const;
const secretHeaders: ReadonlySet<string> = new Set(credentialHeaders);

/** @param local address and port that answers should name */
export function inviteRequest(
  { request, source, arrivedAtMono, isReplay = false, isFamiliar = false }: IncomingRequest,
  local: InviteRequest['local'],
): InviteRequest {
  const { from, to, uri, callId, fields } = request;
  return {
    source,
    local,
    arrivedAtMono,
    requestUri: uri,
    request: party(readUri(uri)),
    from: { ...party(from.uri), tag: request.fromTag, displayName: from.displayName },
    to: party(to.uri),
    callId,
    headers: [...fields]
      .filter(({ key }) => !secretHeaders.has(key))
      .map(({ name, value }) => ({ name, value: readableText(value) })),
    credentials: isReplay ? null : credentials(request),
    isFamiliar,
    requiresReliable: plainList(request, 'require').includes('100rel'),
    ...bodyOf(request),
  };
}

function party(uri: Uri | null): SipParty {
  return { user: uri?.user ?? '', host: uri?.host ?? '' };
}

function credentials(request: SipRequest): InviteRequest['credentials'] {
  for (const header of credentialHeaders) {
    const value = request.fields.first(header);
    if (value !== null) return { header, value };
  }
  return null;
}

/**
 * The body of a message with its type in lower case and without parameters. A body without a type is SDP, as old phones leave it out; of
 * a multipart body the SDP is taken.
 */
export function bodyOf(message: SipMessage): {
  readonly contentType: string;
  readonly body: Buffer;
} {
  const { body, plain } = message;
  if (body.length === 0) return { contentType: '', body };
  const declared = plain.get('content-type') ?? sdpType;
  const sdp = partOf(declared, body, sdpType);
  if (sdp !== null) return { contentType: sdpType, body: sdp };
  const [type = ''] = declared.split(';');
  return { contentType: type.trim().toLowerCase(), body };
}

/** True when the body is packed in a way that is not plain. RFC 3261 §20.12. */
export function isEncoded(request: SipRequest): boolean {
  return plainList(request, 'content-encoding').some((coding) => coding !== 'identity');
}
