/** A caller as the edge sees one: offers, and digest answers as a phone computes them. */
import { createHash } from 'node:crypto';
import type { Decision } from '@callgate/shared/contract/decision.ts';
import { type Offer, offerExample } from '@callgate/shared/contract/offer.ts';
import { asNode } from './requests.ts';

/** An offer of a call from +15550199 at 203.0.113.7 to +15550100, changed as told. */
export function offerOf(changes: Partial<Offer> = {}): Offer {
  return { ...offerExample, min_revision: 0, ...changes };
}

/** Puts an offer to the Worker and returns its decision; anything but 200 throws. */
export async function decide(changes: Partial<Offer> = {}): Promise<Decision> {
  const response = await asNode('POST', '/v1/offers', offerOf(changes));
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as Decision;
}

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

/** Answers the first MD5 challenge of a decision. */
export function credentialsFor(
  decision: Decision,
  user: { username: string; password: string },
): Offer['credentials'] {
  if (decision.kind !== 'challenge') throw new Error(`expected a challenge, got ${decision.kind}`);
  const challenge = decision.challenges.find((text) => text.includes('algorithm=MD5')) ?? '';
  const nonce = /nonce="([^"]+)"/.exec(challenge)?.[1] ?? '';
  const realm = /realm="([^"]+)"/.exec(challenge)?.[1] ?? '';
  const uri = offerExample.request_uri;
  const ha1 = md5(`${user.username}:${realm}:${user.password}`);
  const response = md5(`${ha1}:${nonce}:00000001:c0ffee:auth:${md5(`INVITE:${uri}`)}`);
  return {
    header: 'proxy-authorization',
    value:
      `Digest username="${user.username}", realm="${realm}", nonce="${nonce}", uri="${uri}", ` +
      `response="${response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="c0ffee"`,
  };
}
