/** The ladders of an endpoint as the rest of the node sees them: named, looked up, and never without redaction. */
import type { LadderBook } from '../sip-endpoint.ts';
import type { Ladders } from './ladders.ts';
import { showLadder, writeLadder } from './show-ladder.ts';

export function ladderBook(ladders: Ladders): LadderBook {
  const show = <T>(id: string, how: (ladder: NonNullable<ReturnType<Ladders['find']>>) => T) => {
    const ladder = ladders.find(id);
    return ladder === null ? null : how(ladder);
  };
  return {
    name: (sipCallId, callId, traceId) => ladders.name(sipCallId, callId, traceId),
    asText: (id) => show(id, writeLadder),
    asJson: (id) => show(id, showLadder),
  };
}
