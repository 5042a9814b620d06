/** How long an event waits for its next try, s. Pure. */
import { webhookLimits } from '@callgate/shared/limits.ts';

/**
 * Longer after each try, with up to a tenth of jitter so that a receiver that comes back is not overrun, and not before the receiver wants it.
 * @param attempts tries so far
 * @param afterS what the receiver said; null: nothing
 * @param spread 0 up to 1
 */
export function retryWaitS(
  attempts: number,
  afterS: number | null,
  retriesS: readonly number[],
  spread: number,
): number {
  const scheduledS = retriesS[Math.min(attempts, retriesS.length) - 1] ?? webhookLimits.retryMaxS;
  const jittered = scheduledS + Math.floor(scheduledS * 0.1 * spread);
  return Math.min(Math.max(jittered, afterS ?? 0), webhookLimits.retryMaxS);
}

/** Retry-After (RFC 9110 §10.2.3), seconds or a date, bounded; null: none that can be read. */
export function retryAfterS(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  const atMs = Date.parse(value);
  const seconds = /^\d{1,9}$/.test(value) ? Number(value) : Math.ceil((atMs - nowMs) / 1_000);
  return Number.isNaN(seconds) ? null : Math.min(Math.max(seconds, 0), webhookLimits.retryMaxS);
}
