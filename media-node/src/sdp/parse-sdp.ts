/**
 * Reading a session description (RFC 8866) as far as a phone call needs it: origin, connection addresses, media lines and their
 * attributes. Pure, linear in the size of the body, bounded. It judges grammar only; what is acceptable is
 * negotiate.ts's business.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { sipLimits } from '@callgate/shared/limits.ts';

export interface SdpAttribute {
  readonly name: string;
  /** Empty for a flag such as a=sendrecv. */
  readonly value: string;
}

export interface SdpConnection {
  readonly family: 'IP4' | 'IP6';
  readonly address: string;
}

export interface SdpMedia {
  readonly type: string;
  /** 0: the stream is refused or switched off (RFC 3264 §6). */
  readonly port: number;
  /** Such as RTP/AVP or RTP/SAVP. */
  readonly protocol: string;
  readonly formats: readonly string[];
  /** Its own c= line, else that of the session; null: neither. */
  readonly connection: SdpConnection | null;
  readonly attributes: readonly SdpAttribute[];
}

export interface SessionDescription {
  /** `sess-id` and `sess-version` of o=, as text. */
  readonly origin: { readonly sessionId: string; readonly version: string };
  readonly attributes: readonly SdpAttribute[];
  readonly media: readonly SdpMedia[];
}

export type SdpReading =
  | { readonly kind: 'session'; readonly session: SessionDescription }
  | { readonly kind: 'fault'; readonly message: string };

/** Lines, and media lines, that a description may have. */
const linesMax = 512;
const mediaMax = 16;
/** From 224.0.0.0 on come multicast, what is reserved, and broadcast. */
const firstMulticastOctet = 224;

interface OpenMedia {
  type: string;
  port: number;
  protocol: string;
  formats: string[];
  connection: SdpConnection | null;
  attributes: SdpAttribute[];
}

/** Reads a body. A fault names the line (from 1) and what was expected there; it never quotes more than 40 characters. */
export function parseSdp(body: Uint8Array): SdpReading {
  if (body.length > sipLimits.bodyBytesMax) {
    return fault(`the body has ${body.length} bytes, ${sipLimits.bodyBytesMax} at most`);
  }
  // SDP is UTF-8, but everything we read is ASCII: Latin-1 keeps one byte one character.
  const lines = Buffer.from(body.buffer, body.byteOffset, body.length)
    .toString('latin1')
    .split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length > linesMax) return fault(`${lines.length} lines, ${linesMax} at most`);

  let origin: SessionDescription['origin'] | null = null;
  let sessionConnection: SdpConnection | null = null;
  const attributes: SdpAttribute[] = [];
  const media: OpenMedia[] = [];

  for (const [index, raw] of lines.entries()) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const at = `line ${index + 1}`;
    // Some phones end the body with an empty line.
    if (line === '' && index > 0) continue;
    if (line.length < 2 || line[1] !== '=') return fault(`${at}: expected <type>=<value>`);
    const value = line.slice(2);
    if (index === 0 && line !== 'v=0') return fault(`${at}: expected v=0`);
    const open = media.at(-1);
    switch (line[0]) {
      case 'o': {
        const fields = value.split(' ');
        if (fields.length !== 6) return fault(`${at}: o= needs six fields, has ${fields.length}`);
        origin = { sessionId: fields[1] ?? '', version: fields[2] ?? '' };
        break;
      }
      case 'c': {
        const connection = readConnection(value);
        if (connection === null) return fault(`${at}: expected c=IN IP4|IP6 <address literal>`);
        if (open === undefined) sessionConnection = connection;
        else open.connection = connection;
        break;
      }
      case 'm': {
        const next = readMedia(value);
        if (next === null) return fault(`${at}: expected m=<media> <port> <protocol> <format> ...`);
        media.push(next);
        if (media.length > mediaMax) return fault(`more than ${mediaMax} media lines`);
        break;
      }
      case 'a':
        (open?.attributes ?? attributes).push(readAttribute(value));
        break;
      default:
      // Other types (s, t, b, i, k, ...) say nothing that a call depends on. RFC 8866 §5.
    }
  }
  if (origin === null) return fault('no o= line');
  return {
    kind: 'session',
    session: {
      origin,
      attributes,
      media: media.map((one) => ({ ...one, connection: one.connection ?? sessionConnection })),
    },
  };
}

/** The first attribute of that name, of the media line itself or else of the session. */
export function attributeOf(
  session: SessionDescription,
  media: SdpMedia,
  name: string,
): string | null {
  const own = media.attributes.find((attribute) => attribute.name === name);
  return (own ?? session.attributes.find((attribute) => attribute.name === name))?.value ?? null;
}

function readConnection(value: string): SdpConnection | null {
  const [network, family, address = '', ...rest] = value.trim().split(' ');
  if (network !== 'IN' || rest.length > 0) return null;
  // A multicast TTL or count behind a slash cannot belong to a phone, nor can an address of many.
  if (family === 'IP4' && isIPv4(address) && Number(address.split('.')[0]) < firstMulticastOctet)
    return { family, address };
  return family === 'IP6' && isIPv6(address) && !/^ff|%/i.test(address)
    ? { family, address }
    : null;
}

function readMedia(value: string): OpenMedia | null {
  const [type = '', portText = '', protocol = '', ...formats] = value.trim().split(/ +/);
  const [port = '', count] = portText.split('/');
  if (!/^[a-zA-Z0-9_-]{1,32}$/.test(type) || !/^\d{1,5}$/.test(port) || formats.length === 0)
    return null;
  if (Number(port) > 65_535 || (count !== undefined && count !== '1')) return null;
  if (!/^[A-Z0-9/]{1,32}$/i.test(protocol) || formats.length > 64) return null;
  // Formats of refused streams are echoed in the answer: tokens only.
  if (!formats.every((format) => /^[\w.+-]{1,32}$/.test(format))) return null;
  return { type, port: Number(port), protocol, formats, connection: null, attributes: [] };
}

function readAttribute(value: string): SdpAttribute {
  const colon = value.indexOf(':');
  if (colon === -1) return { name: value.trim(), value: '' };
  return { name: value.slice(0, colon), value: value.slice(colon + 1).trim() };
}

function fault(message: string): SdpReading {
  return { kind: 'fault', message };
}
