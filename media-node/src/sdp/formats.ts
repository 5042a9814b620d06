/** What the payload types of a media line stand for (RFC 8866 §6.6, §6.15). Pure; values are those of a stranger. */
import type { TelephoneEventFormat } from '../media/media-session.ts';
import type { SdpMedia } from './parse-sdp.ts';

/** A format of an RTP media line as a payload type; null: it is none (RFC 3551 §6). */
export function readPayloadType(format: string): number | null {
  return /^\d{1,3}$/.test(format) && Number(format) <= 127 ? Number(format) : null;
}

/** The rtpmap of a payload type, the encoding in lower case; null: there is none. */
export function rtpmapOf(
  media: SdpMedia,
  payloadType: number,
): { readonly encoding: string; readonly clockRateHz: number } | null {
  for (const { name, value } of media.attributes) {
    if (name !== 'rtpmap') continue;
    const match = /^(\d{1,3}) ([A-Za-z0-9._-]{1,64})\/(\d{1,6})(?:\/\d{1,2})?$/.exec(value);
    if (match !== null && Number(match[1]) === payloadType) {
      return { encoding: (match[2] ?? '').toLowerCase(), clockRateHz: Number(match[3]) };
    }
  }
  return null;
}

/** The parameters of a payload type (a=fmtp), names in lower case, as `a=1;b=2`; empty: there are none. */
export function fmtpOf(media: SdpMedia, payloadType: number): ReadonlyMap<string, string> {
  const own = media.attributes.find(
    ({ name, value }) => name === 'fmtp' && value.startsWith(`${payloadType} `),
  );
  const parameters = own?.value.slice(String(payloadType).length + 1).split(';') ?? [];
  return new Map(
    parameters.map((parameter) => {
      const [name = '', value = ''] = parameter.split('=', 2);
      return [name.trim().toLowerCase(), value.trim()];
    }),
  );
}

/** Clocks of telephone events that we count with, Hz. */
const eventClocksHz = [8_000, 48_000];

/**
 * telephone-event (RFC 4733 §2.1): with the clock of the codec where the phone offers that. Phones with Opus offer 8000 Hz alone more often than not; they
 * count durations with it and stamp the packets by the clock of the audio beside them, as there is one SSRC.
 */
export function telephoneEventOf(
  media: SdpMedia,
  codecClockHz: number,
): TelephoneEventFormat | null {
  const offered = media.formats.flatMap((format) => {
    const payloadType = readPayloadType(format);
    const mapped = payloadType === null ? null : rtpmapOf(media, payloadType);
    if (payloadType === null || mapped?.encoding !== 'telephone-event') return [];
    const { clockRateHz } = mapped;
    return eventClocksHz.includes(clockRateHz) ? [{ payloadType, clockRateHz }] : [];
  });
  return offered.find(({ clockRateHz }) => clockRateHz === codecClockHz) ?? offered[0] ?? null;
}
