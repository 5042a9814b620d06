/**
 * Whether a node that has calls still lives. A node is heard by its pings, which the runtime answers while the object sleeps; what was not heard while the edge itself was
 * away counts for nothing, so that an outage of the edge ends no call. Pure.
 */
import { linkLimits } from '@callgate/shared/limits.ts';

export interface Watch {
  readonly node: string;
  /** When the edge last looked. */
  readonly lookedAtMs: number;
  /** When the node was last heard, as far as the edge has noted. */
  readonly heardAtMs: number;
}

/**
 * A look at the node: the watch that goes on, or null when the node is lost.
 * @param heardAtMs when its link was last heard; null: it has none
 * @param lostMs silence after which it is lost
 */
export function look(
  watch: Watch,
  heardAtMs: number | null,
  nowMs: number,
  lostMs: number,
): Watch | null {
  const wasAway = nowMs - watch.lookedAtMs > 2 * linkLimits.watchMs;
  const heard = Math.max(watch.heardAtMs, heardAtMs ?? 0, wasAway ? nowMs : 0);
  if (nowMs - heard >= lostMs) return null;
  return { ...watch, lookedAtMs: nowMs, heardAtMs: heard };
}
