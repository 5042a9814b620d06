/**
 * Puts a gate before LiveKit's media port: the signalling names the gate to us instead of the port, and none of our addresses to the server, or that would find us by itself.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { JoinRequest, WrappedJoinRequest } from '@livekit/protocol';
import type { SignalProxy } from './signal-proxy.ts';
import type { UdpGate } from './udp-gate.ts';

/** @param onJoinOffer is told of the offer in each join request as we made it */
export function putBehindGate(
  proxy: SignalProxy,
  gate: UdpGate,
  onJoinOffer: (sdp: string) => void = () => {},
): void {
  proxy.alterQuery = (query) => {
    const wrapped = WrappedJoinRequest.fromBinary(
      Buffer.from(query.get('join_request') ?? '', 'base64url'),
    );
    const request = JoinRequest.fromBinary(
      wrapped.joinRequest.length > 0 ? gunzipSync(wrapped.joinRequest) : wrapped.joinRequest,
    );
    if (request.publisherOffer === undefined) return;
    onJoinOffer(request.publisherOffer.sdp);
    request.publisherOffer.sdp = withoutCandidates(request.publisherOffer.sdp);
    wrapped.joinRequest = gzipSync(request.toBinary());
    const text = Buffer.from(wrapped.toBinary()).toString('base64');
    query.set('join_request', text.replaceAll('+', '-').replaceAll('/', '_'));
  };
  proxy.alterRequest = (request) => {
    const { message } = request;
    if (message.case === 'offer' || message.case === 'answer')
      message.value.sdp = withoutCandidates(message.value.sdp);
    return request;
  };
  proxy.alter = (response) => {
    const { message } = response;
    if (message.case === 'offer' || message.case === 'answer')
      message.value.sdp = behindGate(message.value.sdp, gate);
    if (message.case === 'trickle')
      message.value.candidateInit = behindGate(message.value.candidateInit, gate);
    return response;
  };
}

function withoutCandidates(sdp: string): string {
  return sdp.replaceAll(/^a=candidate:.*\r?\n/gm, '');
}

/** The server's candidates with the gate in the place of its media port. */
function behindGate(text: string, gate: UdpGate): string {
  return text.replaceAll(/( udp \d+ 127\.0\.0\.1 )(\d+)/g, (_all, before: string, port: string) => {
    gate.target = Number(port);
    return `${before}${gate.port}`;
  });
}
