/** What an offer has changed of a phone's stream. Pure. */
import type { PhoneStream } from './media-session.ts';

/** Either side holds. */
export function isOnHold({ send, receive }: PhoneStream): boolean {
  return !send || !receive;
}

/** What was begun in one of these streams can be ended in the other. */
export function haveOneClock(one: PhoneStream, other: PhoneStream): boolean {
  return (
    one.clockRateHz === other.clockRateHz &&
    one.telephoneEvent?.clockRateHz === other.telephoneEvent?.clockRateHz
  );
}

/** What goes to the phone can go on as it is after a new offer. */
export function soundsAlike(one: PhoneStream, other: PhoneStream): boolean {
  const form = ({ codec, payloadType, ptimeMs, opus }: PhoneStream) =>
    JSON.stringify([codec, payloadType, ptimeMs, opus]);
  return form(one) === form(other);
}
