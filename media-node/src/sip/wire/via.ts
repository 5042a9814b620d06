/** Via: the path a request took, and so the way its response goes back (RFC 3261 §20.42, RFC 3581). Ours, because the package loses IPv6. */
import { readPort } from './characters.ts';
import { readHost } from './host.ts';
import { type Parameters, readParameters, writeParameters } from './parameters.ts';

export interface Via {
  /** `UDP`, `TCP`, `TLS` or another token, in upper case. */
  readonly transport: string;
  /** sent-by, lower case, IPv6 without brackets and in its shortest form. */
  readonly host: string;
  /** The same as written: an answer repeats it. */
  readonly hostText: string;
  /** null: the default of the transport. */
  readonly port: number | null;
  readonly parameters: Parameters;
}

/** One Via value; null when it is none. Blanks around the slashes and the colon are legal. */
export function readVia(text: string): Via | null {
  const head =
    /^SIP ?\/ ?2\.0 ?\/ ?([\w.!%*+`'~-]{1,16}) (\[[^\] ]{2,64}\]|[^ :;,[\]]{1,255})/i.exec(text);
  if (head === null) return null;
  const [sentProtocol, transport = '', hostText = ''] = head;
  const host = readHost(hostText);
  if (host === null) return null;
  let at = sentProtocol.length;
  const portText = /^ ?: ?(\d{1,5}) ?(?=;|$)/.exec(text.slice(at, at + 12));
  const port = portText === null ? null : readPort(portText[1] ?? '');
  if (portText !== null) {
    if (port === null) return null;
    at += portText[0].length;
  }
  const parameters = readParameters(text, at);
  return parameters && { transport: transport.toUpperCase(), host, hostText, port, parameters };
}

/** Writes a Via value. */
export function writeVia(via: Via): string {
  const port = via.port === null ? '' : `:${via.port}`;
  return `SIP/2.0/${via.transport} ${via.hostText}${port}${writeParameters(via.parameters)}`;
}

/** Port of sent-by, or the default: 5061 for TLS, else 5060. RFC 3261 §18.2.2. */
export function viaPort(via: Via): number {
  return via.port ?? (via.transport === 'TLS' ? 5061 : 5060);
}

/**
 * The topmost Via as a server hands it on: `received` where sent-by is not the address that the packet came from (RFC 3261 §18.2.1),
 * and both `received` and `rport` where the client asked for `rport` (RFC 3581 §4).
 */
export function stampVia(via: Via, source: { address: string; port: number }): Via {
  const wantsPort = via.parameters.has('rport');
  if (!wantsPort && via.host === source.address) {
    return via.parameters.has('received') ? withParameters(via, { received: source.address }) : via;
  }
  return withParameters(via, {
    received: source.address,
    ...(wantsPort ? { rport: String(source.port) } : {}),
  });
}

function withParameters(via: Via, added: Readonly<Record<string, string>>): Via {
  return { ...via, parameters: new Map([...via.parameters, ...Object.entries(added)]) };
}
