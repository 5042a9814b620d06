/** Audio goes before signalling: a flood at the SIP port may keep the main process busy, and must not cost a live call a frame. */
import { getPriority, setPriority } from 'node:os';

/** As nice(1) counts: lower goes first, 0 is everybody's. */
const audioPriority = -10;

/**
 * Lets this process, and the threads that it starts from now on, go before others. The kernel must allow it (`LimitNICE` of the service, or root); where it does not, nothing changes.
 * @returns the priority that it has now, as nice(1) counts
 */
export function putAudioFirst(): number {
  try {
    setPriority(audioPriority);
  } catch {
    // EACCES or EPERM: an operator who runs us in another way. Calls work as well, with less in reserve.
  }
  return getPriority();
}
