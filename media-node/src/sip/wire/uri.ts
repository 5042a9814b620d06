/** SIP, SIPS and tel URIs (RFC 3261 §19.1, RFC 3966). Ours, because the package knows no IPv6, no tel and no empty parts. */
import { readableText, readPort } from './characters.ts';
import { readHost, writeHost } from './host.ts';
import { type Parameters, readParameters } from './parameters.ts';

export interface Uri {
  /** `other` is a well-formed URI of a scheme that Callgate does not speak; its user and host are empty. */
  readonly scheme: 'sip' | 'sips' | 'tel' | 'other';
  /** Escapes undone; the number of a tel URI. Never the password. */
  readonly user: string;
  /** Lower case, IPv6 without brackets; empty for tel. */
  readonly host: string;
  readonly port: number | null;
  readonly parameters: Parameters;
  /** What follows `?`, as written: header fields that a URI may carry outside of requests. */
  readonly headers: string;
}

const noParameters: Parameters = new Map();

/** Reads a URI without angle brackets; null when it is none. */
export function readUri(text: string): Uri | null {
  const colon = text.indexOf(':');
  if (colon <= 0 || /[ <>"]/.test(text)) return null;
  const scheme = text.slice(0, colon).toLowerCase();
  if (!/^[a-z][a-z0-9+.-]{0,31}$/.test(scheme)) return null;
  const rest = text.slice(colon + 1);
  if (scheme === 'tel') return readTel(rest);
  if (scheme === 'sip' || scheme === 'sips') return readSip(scheme, rest);
  if (rest === '') return null;
  return { scheme: 'other', user: '', host: '', port: null, parameters: noParameters, headers: '' };
}

/** `host:port` as a URI writes it. */
export function writeHostPort(host: string, port: number | null): string {
  return port === null ? writeHost(host) : `${writeHost(host)}:${port}`;
}

function readSip(scheme: 'sip' | 'sips', rest: string): Uri | null {
  // The user part may hold ; and ? (RFC 3261 §25.1, user-unreserved), the rest may not hold @.
  const at = rest.lastIndexOf('@');
  const userInfo = at < 0 ? '' : rest.slice(0, at);
  if (userInfo.includes('@') || at === 0) return null;
  const hostPart = rest.slice(at + 1);
  const question = hostPart.indexOf('?');
  const address = question < 0 ? hostPart : hostPart.slice(0, question);
  const parsed = /^(\[[^\]]{2,64}\]|[^:;[\]]{1,255})(?::(\d{1,5}))?(?=;|$)/.exec(address);
  const host = readHost(parsed?.[1] ?? '');
  if (parsed === null || host === null) return null;
  const port = parsed[2] === undefined ? null : readPort(parsed[2]);
  if (parsed[2] !== undefined && port === null) return null;
  const parameters = readParameters(address, parsed[0].length);
  const password = userInfo.indexOf(':');
  const user = unescapeUri(password < 0 ? userInfo : userInfo.slice(0, password));
  if (parameters === null || user === null) return null;
  const headers = question < 0 ? '' : hostPart.slice(question + 1);
  return { scheme, user, host, port, parameters, headers };
}

function readTel(rest: string): Uri | null {
  const semicolon = rest.indexOf(';');
  const user = semicolon < 0 ? rest : rest.slice(0, semicolon);
  if (!/^\+?[0-9A-Fa-f*#().-]{1,64}$/.test(user)) return null;
  const parameters = semicolon < 0 ? noParameters : readParameters(rest, semicolon);
  return parameters && { scheme: 'tel', user, host: '', port: null, parameters, headers: '' };
}

/** Undoes %HH escapes; null for a broken one. The bytes are read as UTF-8 where they are UTF-8. */
function unescapeUri(text: string): string | null {
  if (!text.includes('%')) return readableText(text);
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return null;
  return readableText(
    text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
  );
}
