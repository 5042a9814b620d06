/**
 * The header `callgate-process`: which run of a node asks. A node makes a word of its own when it starts and sends it with all that it asks; when it says hello
 * (hello.ts), the calls of this node that another run was let in with are lost, and its own are not, however late the hello is heard. A header, since an edge or a
 * node of before knows nothing of it: the edge then goes by `uptime_ms` alone.
 */

export const processHeader = 'callgate-process';

export const processExample = '6f0c2a9d41b7e835';

/** null: no header, or none that a node makes. */
export function readProcess(text: string | null | undefined): string | null {
  return /^[0-9a-f]{16}$/.test(text ?? '') ? (text ?? null) : null;
}
