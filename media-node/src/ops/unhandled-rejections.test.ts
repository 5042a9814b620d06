import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { logUnhandledRejections } from './unhandled-rejections.ts';

it('a promise that fails unheard is an error in the log, with its stack where it has one', () => {
  const source = new EventEmitter();
  const lines: unknown[] = [];
  logUnhandledRejections(source, (level, event, fields) => lines.push([level, event, fields]));
  const why = new RangeError('too large');
  source.emit('unhandledRejection', why, Promise.resolve());
  source.emit('unhandledRejection', 'text', Promise.resolve());
  expect(lines).toEqual([
    ['error', 'unhandled-rejection', { why, stack: why.stack }],
    ['error', 'unhandled-rejection', { why: 'text' }],
  ]);
});
