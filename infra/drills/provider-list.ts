/** A provider's origination list, or a DNS SRV record read in its order: the next place is tried when one refuses with 503 or says nothing for a while. */
import { pause } from '../e2e/phone-calls.ts';
import type { Fleet } from './fleet.ts';

export interface ListedCall {
  /** `address:port`; null: nobody. */
  readonly answeredBy: string | null;
  readonly ms: number;
}

/** One call along the list, hung up at once when it is answered. */
export async function providerCall(
  fleet: Fleet,
  list: readonly string[],
  number: string,
  patienceMs: number,
): Promise<ListedCall> {
  const startedAt = performance.now();
  const taken = (answeredBy: string | null) => ({
    answeredBy,
    ms: Math.round(performance.now() - startedAt),
  });
  for (const place of list) {
    const call = await fleet.dial(number, { through: place });
    await Promise.race([call.answer, pause(patienceMs)]);
    // 100 Trying ends a provider's patience with the network, not with the answer.
    if (call.timeline.entries.length === 1) {
      call.forget();
      continue;
    }
    const answer = await call.answer;
    if (answer.kind === 'answered') {
      call.hangUp();
      await call.ended;
      return taken(place);
    }
    if (answer.kind !== 'refused' || answer.status !== 503) return taken(null);
  }
  return taken(null);
}
