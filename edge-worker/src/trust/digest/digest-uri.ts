/**
 * Whether the `uri` of a digest answer fits the request (RFC 7616 §3.4.6): an answer made for one target must not open another. Real clients
 * differ in harmless ways: ports and parameters left out, the host alone, or the address of record that a proxy on the way has rewritten.
 */

export interface DigestTarget {
  readonly user: string;
  readonly host: string;
}

/** Fits when the host is that of one of the targets (Request-URI, To), and the user too, or when there is no user. */
export function fitsTarget(uri: string, targets: readonly DigestTarget[]): boolean {
  const parts = /^(?:sips?:)?(?:([^@]*)@)?(\[[^\]]*\]|[^:;?@]*)(?::\d+)?(?:[;?].*)?$/i.exec(uri);
  if (parts === null) return false;
  const user = parts[1] === undefined ? null : unescapeUser(parts[1]);
  const host = bareHost(parts[2] ?? '');
  return targets.some(
    (target) => bareHost(target.host) === host && (user === null || user === target.user),
  );
}

/** Lower case, without IPv6 brackets and a trailing dot. */
function bareHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}

/** The user without its password and parameters (RFC 3261 §19.1.1), escapes undone. */
function unescapeUser(text: string): string {
  const user = text.split(/[:;]/, 1)[0] ?? '';
  try {
    return decodeURIComponent(user);
  } catch {
    // A stray % is no escape; the text stands for itself.
    return user;
  }
}
