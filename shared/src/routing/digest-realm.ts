/**
 * Whether a trunk asks its callers for credentials. Only user and password together make a challenge; a
 * realm alone is no reason for one. Trunks with half of the credentials are refused when they are saved.
 */

/** Realm of trunks that set none, as LiveKit's. */
export const defaultRealm = 'LiveKit';

export interface Credentials {
  readonly authUsername: string;
  readonly authPassword: string;
  readonly authRealm: string;
}

/** The realm to challenge with; null: the trunk takes calls without credentials. */
export function digestRealm(trunk: Credentials): string | null {
  if (trunk.authUsername === '' || trunk.authPassword === '') return null;
  return trunk.authRealm === '' ? defaultRealm : trunk.authRealm;
}
