/** What the caller gave as the reason of its BYE or CANCEL (RFC 3326), for the record: a carrier says there that a circuit broke or that somebody else has answered. Pure. */
import { readableText, readDigits } from '../sip/wire/characters.ts';
import { splitList } from '../sip/wire/name-addr.ts';
import { parameterOf } from '../sip/wire/parameters.ts';

/** Reasons looked at, and characters of a text: a stranger writes them. */
const reasonsMax = 4;
const textCharactersMax = 120;

/** What says no more than that the caller has hung up. */
const ordinary: ReadonlySet<string> = new Set(['q.850 16', 'sip 0', 'x.int 0', 'release_cause 1']);

/**
 * @param header the Reason header, empty without one
 * @returns a sentence; null: there is none, or nothing out of the ordinary
 */
export function givenReason(header: string): string | null {
  const given = (splitList(header) ?? []).slice(0, reasonsMax).flatMap((item) => {
    const [protocol = ''] = item.split(';');
    const cause = readDigits(parameterOf(item, 'cause') ?? '', 4);
    if (!/^[A-Za-z0-9._-]{1,16}$/.test(protocol.trim()) || cause === null) return [];
    const name = `${protocol.trim()} ${cause}`;
    if (ordinary.has(name.toLowerCase())) return [];
    const text = readableText(parameterOf(item, 'text') ?? '').slice(0, textCharactersMax);
    return [text === '' ? name : `${name} (${text})`];
  });
  return given.length === 0 ? null : `The caller gave as reason: ${given.join(', ')}.`;
}
