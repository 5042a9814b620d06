/** The token of an `Authorization: Bearer` header (RFC 6750 §2.1). */

export type Bearer = { kind: 'token'; token: string } | { kind: 'absent' } | { kind: 'malformed' };

export function bearerOf(request: Request): Bearer {
  const value = request.headers.get('authorization');
  if (value === null) return { kind: 'absent' };
  const token = /^Bearer ([A-Za-z0-9\-._~+/]+=*)$/.exec(value)?.[1];
  return token === undefined || token.length > 8_192
    ? { kind: 'malformed' }
    : { kind: 'token', token };
}
