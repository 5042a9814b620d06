/** A ladder for people and for programs, redacted. Pure. */
import type { Ladder, LadderMessage } from './ladders.ts';
import { redactMessage } from './redact-message.ts';

export interface ShownLadder {
  readonly call_id: string;
  readonly trace_id: string;
  readonly sip_call_id: string;
  /** ISO 8601. */
  readonly started_at: string;
  readonly messages: readonly {
    readonly after_ms: number;
    readonly direction: LadderMessage['direction'];
    readonly peer: string;
    readonly start: string;
    readonly headers: readonly { readonly name: string; readonly value: string }[];
    readonly body: readonly string[];
  }[];
  /** Messages beyond what is kept of one call. */
  readonly left_out: number;
}

export function showLadder(ladder: Ladder): ShownLadder {
  return {
    call_id: ladder.callId,
    trace_id: ladder.traceId,
    sip_call_id: ladder.sipCallId,
    started_at: new Date(ladder.startedAtWall).toISOString(),
    messages: ladder.messages.map(({ afterMs, direction, peer, transport, bytes }) => ({
      after_ms: afterMs,
      direction,
      peer: `${peer.address.includes(':') ? `[${peer.address}]` : peer.address}:${peer.port}/${transport}`,
      ...redactMessage(bytes),
    })),
    left_out: ladder.leftOut,
  };
}

/**
 *         0 ms  203.0.113.7:5060/udp ───▶ node   INVITE sip:*****0100@sip.example.com SIP/2.0   1 INVITE
 *
 * and below it each message with its headers and body.
 */
export function writeLadder(ladder: Ladder): string {
  const shown = showLadder(ladder);
  const { call_id, trace_id, sip_call_id, started_at, messages, left_out } = shown;
  const width = Math.max(0, ...messages.map(({ peer }) => peer.length));
  const step = ({ after_ms, direction, peer, start, headers }: ShownLadder['messages'][number]) => {
    const arrow = direction === 'in' ? '───▶' : '◀───';
    const cseq = headers.find(({ name }) => name.toLowerCase() === 'cseq')?.value ?? '';
    return `${String(after_ms).padStart(9)} ms  ${peer.padEnd(width)} ${arrow} node   ${start}   ${cseq}`;
  };
  return [
    `call ${call_id}  trace ${trace_id}  Call-ID ${sip_call_id}  ${started_at}`,
    '',
    ...messages.map(step),
    ...(left_out === 0 ? [] : [`           and ${left_out} more that were not kept`]),
    ...messages.flatMap((message) => [
      '',
      step(message),
      ...message.headers.map(({ name, value }) => `    ${name}: ${value}`),
      ...(message.body.length === 0 ? [] : ['', ...message.body.map((line) => `    ${line}`)]),
    ]),
    '',
  ].join('\n');
}
