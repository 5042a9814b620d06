/** An INVITE as the call sees it: plain values, readable text, nothing of the wire. */
import type { InviteRequest, SipParty } from '../sip-endpoint.ts';
import type { IncomingRequest } from '../transaction/incoming-request.ts';
import { readableText } from '../wire/characters.ts';
import { plainList, type SipRequest } from '../wire/message.ts';
import { readUri, type Uri } from '../wire/uri.ts';

const credentialHeaders = ['proxy-authorization', 'authorization'] as const;
const secretHeaders: ReadonlySet<string> = new Set(credentialHeaders);

/** @param local address and port that answers should name */
export function inviteRequest(
  { request, flow, arrivedAtMono }: IncomingRequest,
  local: InviteRequest['local'],
): InviteRequest {
  const { from, to, uri, callId, fields, body } = request;
  return {
    source: { ...flow.remote, transport: flow.transport },
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
    credentials: credentials(request),
    contentType: contentType(request),
    body,
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

/** Lower case, without parameters. A body without a type is SDP: old phones leave it out. */
function contentType(request: SipRequest): string {
  if (request.body.length === 0) return '';
  const [type = ''] = (request.plain.get('content-type') ?? 'application/sdp').split(';');
  return type.trim().toLowerCase();
}

/** True when the body is packed in a way that is not plain. RFC 3261 §20.12. */
export function isEncoded(request: SipRequest): boolean {
  return plainList(request, 'content-encoding').some((coding) => coding !== 'identity');
}
