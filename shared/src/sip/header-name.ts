/**
 * Names of SIP headers: any letter case, and for some a compact form of one letter (RFC 3261 §7.3.3), so
 * names are compared in one form.
 */

/** Compact forms of the IANA registry of SIP header fields, as of RFC 3261, 3265, 3515, 3841, 3892, 4028, 8224. */
const longForms: ReadonlyMap<string, string> = new Map([
  ['a', 'accept-contact'],
  ['b', 'referred-by'],
  ['c', 'content-type'],
  ['d', 'request-disposition'],
  ['e', 'content-encoding'],
  ['f', 'from'],
  ['i', 'call-id'],
  ['j', 'reject-contact'],
  ['k', 'supported'],
  ['l', 'content-length'],
  ['m', 'contact'],
  ['o', 'event'],
  ['r', 'refer-to'],
  ['s', 'subject'],
  ['t', 'to'],
  ['u', 'allow-events'],
  ['v', 'via'],
  ['x', 'session-expires'],
  ['y', 'identity'],
]);

/** The form in which two header names are compared: lower case, long. */
export function compareFormOfHeaderName(name: string): string {
  const lower = name.toLowerCase();
  return longForms.get(lower) ?? lower;
}
