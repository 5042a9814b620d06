/** Turns the table into what KV holds: passwords become digest credentials, everything else stays as it is. */
import { digestRealm } from '@callgate/shared/routing/digest-realm.ts';
import type { SIPInboundTrunkInfo } from '@livekit/protocol';
import { type DigestCredential, digestCredential } from '../trust/digest/digest-algorithms.ts';
import type { PublishedRouting } from './published-routing.ts';
import type { RoutingSet } from './table-store.ts';

export function publishedText(revision: number, set: RoutingSet): string {
  const trunks = [...set.trunks.values()];
  const published: PublishedRouting = {
    revision,
    trunks: trunks.map((trunk) => {
      const bare = trunk.clone();
      bare.authPassword = '';
      return bare.toJson();
    }),
    rules: [...set.rules.values()].map((rule) => rule.toJson()),
    credentials: trunks.flatMap((trunk): [string, DigestCredential][] => {
      const credential = credentialOf(trunk);
      return credential === null ? [] : [[trunk.sipTrunkId, credential]];
    }),
  };
  return JSON.stringify(published);
}

/** Callers are challenged when user and password are both set; else null. */
export function credentialOf(trunk: SIPInboundTrunkInfo): DigestCredential | null {
  const realm = digestRealm(trunk);
  return realm === null ? null : digestCredential(trunk.authUsername, realm, trunk.authPassword);
}
