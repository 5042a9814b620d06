/**
 * How calls end: the one table of outcomes. A reason is a word for people and machines; the row says what
 * the caller's phone is told (SIP status, Q.850 cause for the Reason header, RFC 3326), whose act or fault it was, and
 * what the operator can do about it. Records, logs, refusals and the public documentation all read this
 * table; nothing else maps reasons to numbers.
 *
 * `sipStatus` is the final answer to an INVITE that has not been answered; an answered call ends with BYE
 * whatever the reason, and `q850` is what that BYE carries. `null` means: no answer at all is sent.
 */

import { type Outcome, row } from './outcome-row.ts';
import { ownOutcomes } from './own-outcomes.ts';
import { requestOutcomes } from './request-outcomes.ts';

const rows = {
  // The call ran its course.
  'caller-hung-up': row('success', 200, 'OK', 16, 'nobody', 'The caller hung up.', 'Nothing.'),
  'caller-cancelled': row(
    'success',
    487,
    'Request Terminated',
    16,
    'nobody',
    'The caller gave up before the call was answered.',
    'If many do, look at how long rooms take to publish a track.',
  ),
  'participant-removed': row(
    'success',
    486,
    'Busy Here',
    16,
    'nobody',
    'The application removed the SIP participant from the room.',
    'Nothing.',
  ),
  'room-deleted': row(
    'success',
    480,
    'Temporarily Unavailable',
    16,
    'nobody',
    'The room was deleted or closed.',
    'Nothing.',
  ),
  'application-hung-up': row(
    'success',
    486,
    'Busy Here',
    16,
    'nobody',
    'The application ended the call: lk.sip.EndCall in the room, or POST /v1/calls/{id}/hangup.',
    'Nothing.',
  ),
  transferred: row(
    'success',
    480,
    'Temporarily Unavailable',
    16,
    'nobody',
    'The caller was transferred to somebody else (TransferSIPParticipant).',
    'Nothing.',
  ),
  'max-duration': row(
    'success',
    480,
    'Temporarily Unavailable',
    16,
    'nobody',
    'The call reached its maximum duration.',
    'Raise max_call_duration of the trunk (24 h at most).',
  ),

  // The caller, or how the caller is set up.
  'malformed-request': row(
    'caller',
    400,
    'Bad Request',
    111,
    'caller',
    'The request breaks the SIP grammar or one of the limits.',
    'The log line names the rule; ask the provider for a trace.',
  ),
  'stranger-dropped': row(
    'caller',
    null,
    '',
    21,
    'caller',
    'The source matches no trunk, and the deployment answers strangers with silence.',
    'If it is your provider, add its addresses or the called number to a trunk.',
  ),
  'challenge-unanswered': row(
    'caller',
    407,
    'Proxy Authentication Required',
    21,
    'caller',
    'The caller was asked for credentials and sent none.',
    'Set user and password of the trunk at the provider.',
  ),
  'bad-credentials': row(
    'caller',
    407,
    'Proxy Authentication Required',
    21,
    'caller',
    'The digest answer is wrong: another user, another password, or a nonce that is not ours.',
    'Compare auth_username, auth_password and auth_realm of the trunk with the provider.',
  ),
  'no-trunk': row(
    'caller',
    404,
    'No Trunk Found',
    1,
    'operator',
    'No inbound trunk takes a call from this source to this number.',
    'Simulate the call: the trace says for each trunk which field did not match.',
  ),
  'no-rule': row(
    'caller',
    404,
    'No Dispatch Rule Found',
    1,
    'operator',
    'A trunk took the call, but no dispatch rule does.',
    'Add a rule for the trunk, or one without trunk_ids.',
  ),
  'no-room-name': row(
    'caller',
    404,
    'No Room Name',
    1,
    'operator',
    'The dispatch rule names no room for this call.',
    'Give the rule a room_name or a room_prefix; a number alone is none when the caller hides it.',
  ),
  'trunk-full': row(
    'caller',
    486,
    'Busy Here',
    17,
    'operator',
    'The trunk has as many calls up as its max_calls allows.',
    'Raise max_calls in the options of the trunk, or wait for calls to end.',
    true,
  ),
  'trunk-too-fast': row(
    'caller',
    480,
    'Temporarily Unavailable',
    42,
    'operator',
    'New calls of the trunk come faster than its calls_per_second allows.',
    'Raise calls_per_second or calls_burst in the options of the trunk.',
    true,
  ),
  'no-common-codec': row(
    'caller',
    488,
    'Not Acceptable Here',
    88,
    'caller',
    'The offer holds no codec that this call may use.',
    'Allow PCMU or PCMA at the provider, or widen media.codecs of trunk or rule.',
  ),
  'bad-sdp': row(
    'caller',
    488,
    'Not Acceptable Here',
    88,
    'caller',
    'The INVITE carries no usable SDP offer.',
    'Ask the provider to send the offer in the INVITE.',
  ),
  'media-encryption-mismatch': row(
    'caller',
    488,
    'Not Acceptable Here',
    88,
    'operator',
    'The trunk or rule requires SRTP and the offer has none, or the other way round.',
    'Align media.encryption with the provider.',
  ),
  'unsupported-media-type': row(
    'caller',
    415,
    'Unsupported Media Type',
    88,
    'caller',
    'The body of the INVITE is not application/sdp.',
    'Ask the provider for plain SDP.',
  ),
  'unsupported-extension': row(
    'caller',
    420,
    'Bad Extension',
    127,
    'caller',
    'The INVITE requires a SIP extension that Callgate does not have.',
    'Turn the extension off at the provider; the Unsupported header names it.',
  ),
  'too-many-hops': row(
    'caller',
    483,
    'Too Many Hops',
    25,
    'upstream',
    'Max-Forwards reached zero: the request runs in a loop.',
    'Look for a routing loop at the provider.',
  ),
  'wrong-pin': row(
    'caller',
    404,
    'No Room Matched',
    21,
    'caller',
    'The PIN that was keyed in matches no room.',
    'Nothing; many in a row are a guessing attack.',
  ),
  'pin-timeout': row(
    'caller',
    480,
    'Temporarily Unavailable',
    102,
    'caller',
    'No complete PIN was keyed in in time.',
    'Check that the provider sends telephone events.',
  ),

  // Nobody came, or the media went away.
  'ringing-timeout': row(
    'indeterminate',
    480,
    'Temporarily Unavailable',
    19,
    'operator',
    'Nobody published a track in the room while the phone rang.',
    'Check that the agent is dispatched and publishes; see ringing_timeout of the trunk.',
  ),
  'media-silent': row(
    'indeterminate',
    480,
    'Temporarily Unavailable',
    31,
    'upstream',
    'No RTP came from the caller for the media timeout.',
    'Check NAT and firewall for the RTP ports; see media.media_timeout.',
  ),
  'ack-missing': row(
    'indeterminate',
    504,
    'Server Time-out',
    102,
    'upstream',
    'The answer was never acknowledged, or a provisional one that has to be.',
    'Check that the Contact and address of the node can be reached by the provider.',
  ),
  'caller-unreachable': row(
    'indeterminate',
    408,
    'Request Timeout',
    27,
    'upstream',
    'Our answer could not be sent: the connection that the INVITE came by is gone, or the network refuses its address.',
    'If many do, look at the network to the provider, and at what closes its TCP or TLS connections.',
  ),
  'session-expired': row(
    'indeterminate',
    408,
    'Request Timeout',
    102,
    'upstream',
    'The SIP session was not refreshed in time.',
    'The other side vanished or lost the dialog; look at its log at that time.',
  ),
  'duplicate-identity': row(
    'caller',
    486,
    'Busy Here',
    17,
    'operator',
    'Another participant joined the room with the same identity.',
    'The same number called twice into one room; use an individual rule.',
  ),

  // The application side refused or failed.
  'room-unreachable': row(
    'upstream',
    503,
    'Service Unavailable',
    38,
    'upstream',
    'LiveKit could not be joined in time.',
    'Check LIVEKIT_URL, LiveKit itself and the UDP path from this node to it.',
    true,
  ),
  'room-refused': row(
    'upstream',
    503,
    'Service Unavailable',
    41,
    'operator',
    'LiveKit refused the room token.',
    'Compare LIVEKIT_API_KEY and LIVEKIT_API_SECRET of the edge with LiveKit, and the clocks.',
    true,
  ),
  'room-lost': row(
    'upstream',
    503,
    'Service Unavailable',
    41,
    'upstream',
    'The connection to the room broke and did not come back.',
    'Check LiveKit and the network.',
    true,
  ),

  ...requestOutcomes,
  ...ownOutcomes,
} as const;

/** Why a call ended: a key of the table. */
export type OutcomeReason = keyof typeof rows;

/** The table itself, by reason. */
export const outcomes: Readonly<Record<OutcomeReason, Outcome>> = rows;

/** All reasons, in the order of the table. */
export const outcomeReasons = Object.keys(rows) as OutcomeReason[];

/** True when `text` is a reason of the table. */
export function isOutcomeReason(text: string): text is OutcomeReason {
  return Object.hasOwn(rows, text);
}
