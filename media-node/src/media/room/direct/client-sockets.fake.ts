/** The sockets that this process connects to servers, as Node itself tells of them: for tests that must know in what state one is before it is used. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';

const channel = 'net.client.socket';

/** Begins to collect. @returns those made since, and the end of it */
export function watchClientSockets(): { readonly made: readonly Socket[]; stop(): void } {
  const made: Socket[] = [];
  const note = (message: unknown) => {
    if (typeof message !== 'object' || message === null || !('socket' in message)) return;
    if (message.socket instanceof Socket) made.push(message.socket);
  };
  subscribe(channel, note);
  return { made, stop: () => unsubscribe(channel, note) };
}
