/** The identity inside a LiveKit token, to name our track by as LiveKit's own bridge does. The server checks the token; nothing is trusted here. */

/** The `sub` claim of a JWT; null when the text is none or has no such claim. */
export function identityOfToken(token: string): string | null {
  const [, payload] = token.split('.');
  if (payload === undefined) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (typeof claims !== 'object' || claims === null || !('sub' in claims)) return null;
    return typeof claims.sub === 'string' && claims.sub !== '' ? claims.sub : null;
  } catch {
    // Not a JWT: the server will refuse it in its own words.
    return null;
  }
}
