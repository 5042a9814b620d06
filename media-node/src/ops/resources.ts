/** What keeps this process busy, by kind: sockets, servers, timers. Two looks at it tell whether something was left behind. */

/** Count by the kind's name in Node, such as `Timeout` or `UDPWRAP`. */
export function countResources(): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo())
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => a.localeCompare(b)));
}
