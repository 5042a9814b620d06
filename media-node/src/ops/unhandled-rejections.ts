/**
 * A promise that fails while nobody waits for it is a fault of ours in one call; Node would end the process for it, and with it every other call. It is
 * told in the log, with its stack, and the process goes on. An exception that nobody catches still ends it: after that nothing is known to be sound.
 */
import type { EventEmitter } from 'node:events';
import type { Log } from './log.ts';

/** @param source the process */
export function logUnhandledRejections(source: Pick<EventEmitter, 'on'>, log: Log): void {
  source.on('unhandledRejection', (why: unknown) => {
    const stack = why instanceof Error ? { stack: why.stack } : {};
    log('error', 'unhandled-rejection', { why, ...stack });
  });
}
