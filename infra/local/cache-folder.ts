/** Where the repository keeps what it builds or installs for itself once, outside of its own tree. */
import { homedir } from 'node:os';
import { join } from 'node:path';

export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'callgate');
}
