/** How late the media clock of the node ticks, by its own figures: what pacing the node gives, whatever the machine does to those who listen. */

/** Ticks so far, all media processes together. */
export interface Ticks {
  readonly all: number;
  readonly within5Ms: number;
}

const bucket = /^callgate_media_tick_delay_seconds_bucket\{[^}]*le="([^"]+)"\} (\d+)$/;

/** @param metrics text of `/metrics` */
export function readTicks(metrics: string): Ticks {
  let [all, within5Ms] = [0, 0];
  for (const line of metrics.split('\n')) {
    const [, bound, count] = bucket.exec(line) ?? [];
    if (bound === '+Inf') all += Number(count);
    if (bound === '0.005') within5Ms += Number(count);
  }
  return { all, within5Ms };
}

/** @param healthUrl of a node */
export async function ticksOf(healthUrl: string): Promise<Ticks> {
  return readTicks(await (await fetch(`${healthUrl}/metrics`)).text());
}

/** Share of the ticks between two looks that came within 5 ms, 0 to 1; null: there were none. */
export function punctualShare(before: Ticks, after: Ticks): number | null {
  const all = after.all - before.all;
  return all === 0
    ? null
    : Math.round((1_000 * (after.within5Ms - before.within5Ms)) / all) / 1_000;
}
