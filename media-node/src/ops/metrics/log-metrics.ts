/** Counts warnings and errors of the log by their event, so that what is only ever logged can raise an alarm, too. */
import { Counter, type Registry } from 'prom-client';
import type { Log } from '../log.ts';

/** Events are words of ours in the source; should one ever be made of input, it ends up as `other`. */
const eventsMax = 200;

/** The same log, counted. */
export function meteredLog(registry: Registry, log: Log): Log {
  const lines = new Counter({
    name: 'callgate_log_lines_total',
    help: 'Warnings and errors in the log, by event',
    labelNames: ['level', 'event'],
    registers: [registry],
  });
  const events = new Set<string>();
  return (level, event, fields) => {
    if (level === 'warn' || level === 'error') {
      if (events.size < eventsMax) events.add(event);
      lines.inc({ level, event: events.has(event) ? event : 'other' });
    }
    log(level, event, fields);
  };
}
