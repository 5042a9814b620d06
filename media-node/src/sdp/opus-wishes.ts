/** The parameters of an offer's Opus (RFC 7587 §6.1): what the phone asks of what it is sent. Pure. */
import type { OpusWishes } from '../media/media-session.ts';

/** Bounds of RFC 7587 §6.1: bits per second, and samples per second. */
const bitRate = { min: 6_000, max: 510_000 };
const playbackRateHz = { min: 8_000, max: 48_000 };

/** Reads them; what is missing or out of bounds is as the RFC has it without. @param parameters of a=fmtp */
export function opusWishes(parameters: ReadonlyMap<string, string>): OpusWishes {
  const is = (name: string) => parameters.get(name) === '1';
  return {
    maxAverageBitRate: within(parameters.get('maxaveragebitrate'), bitRate),
    maxPlaybackRateHz:
      within(parameters.get('maxplaybackrate'), playbackRateHz) ?? playbackRateHz.max,
    isConstantRate: is('cbr'),
    usesFec: is('useinbandfec'),
    usesDtx: is('usedtx'),
  };
}

function within(
  text: string | undefined,
  { min, max }: { readonly min: number; readonly max: number },
): number | null {
  if (text === undefined || !/^\d{1,6}$/.test(text)) return null;
  const value = Number(text);
  return value >= min && value <= max ? value : null;
}
