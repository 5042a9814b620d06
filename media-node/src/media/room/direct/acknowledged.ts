/**
 * Whether the other side's TCP has acknowledged what was written on a socket (RFC 9293 §3.4): a way that has died leaves it unacknowledged, a server that is only slow does not. Node does not tell;
 * Linux does, per connection, in a file.
 */
import { readFile } from 'node:fs/promises';

/** IPv4's, and IPv6's with IPv4 mapped into it. */
const tables = ['/proc/net/tcp', '/proc/net/tcp6'];

/** As a socket has them. */
interface Ports {
  readonly localPort?: number | undefined;
  readonly remotePort?: number | undefined;
}

/** @returns null: nobody here knows; the system is another one, or the connection is gone */
export async function isAcknowledged({ localPort, remotePort }: Ports): Promise<boolean | null> {
  if (localPort === undefined || remotePort === undefined) return null;
  const read = tables.map((path) => readFile(path, 'latin1').catch(() => ''));
  const bytes = (await Promise.all(read)).flatMap((table) =>
    unacknowledgedBytes(table, localPort, remotePort),
  );
  return bytes.length === 0 ? null : bytes.every((count) => count === 0);
}

/** Of every connection between those ports; two with the same are two servers that one port of ours happens to be connected to. */
export function unacknowledgedBytes(
  table: string,
  localPort: number,
  remotePort: number,
): readonly number[] {
  const [ours, theirs] = [localPort, remotePort].map(
    (port) => `:${port.toString(16).toUpperCase().padStart(4, '0')}`,
  );
  return table.split('\n').flatMap((line) => {
    const [, local, remote, , queues] = line.trim().split(/\s+/);
    if (ours === undefined || theirs === undefined || queues === undefined) return [];
    const isWanted = local?.endsWith(ours) === true && remote?.endsWith(theirs) === true;
    return isWanted ? [Number.parseInt(queues, 16)] : [];
  });
}
