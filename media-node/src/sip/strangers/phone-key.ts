/**
 * What tells one phone from another behind the same address, as far as its INVITE says: the host that it gives itself in the Via it wrote, the host of its Contact, and its program. Anybody
 * can say the same who knows it; who guesses a name from elsewhere does not. Ports are left out: over TCP and behind a NAT they change from call to call.
 */
import { createHash } from 'node:crypto';
import type { SipRequest } from '../wire/message.ts';
import { readNameAddr } from '../wire/name-addr.ts';
import { readVia } from '../wire/via.ts';

/** Short, and always of the same length. */
export function phoneKey({ viaTexts, via, fields }: SipRequest): string {
  const written = viaTexts.length > 1 ? readVia(viaTexts.at(-1) ?? '') : via;
  const contact = readNameAddr(fields.first('contact') ?? '');
  const program = fields.first('user-agent') ?? '';
  return createHash('sha256')
    .update(`${written?.host ?? ''}\n${contact?.uri.host ?? ''}\n${program}`)
    .digest('base64url')
    .slice(0, 22);
}
