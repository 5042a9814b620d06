import { describe, expect, it } from 'vitest';
import { scanJson } from './scan-json.ts';

describe('scanning JSON', () => {
  it.each([
    ['1', 0],
    ['[]', 1],
    ['{"a":[{"b":1}]}', 3],
    ['["[[[", "\\"[["]', 1],
    ['['.repeat(100_000), 100_000],
    ['"[', 0],
  ])('tells how deep %.20s nests', (text, depth) => {
    expect(scanJson(text).depth).toBe(depth);
  });

  it.each([
    ['{"a":1,"a":2}', 'a'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['{"o":{"b":1 , "b" :2}}', 'b'],
    ['[{"a":1},{"x":[1,2],"y":3,"x":4}]', 'x'],
    [`{"${'n'.repeat(100)}":1,"${'n'.repeat(100)}":2}`, 'n'.repeat(64)],
  ])('finds the name that stands twice in %s', (text, name) => {
    expect(scanJson(text).repeatedName).toBe(name);
  });

  it.each([
    '{"a":{"a":1},"b":{"a":1}}',
    '[{"a":1},{"a":1}]',
    '{"a":"a","b":"a"}',
    '["a","a"]',
    '{"a":["b","b"],"b":1}',
    '{"\\q":1,"a":2}',
    '{"__proto__":1,"constructor":2}',
    '}}]]{"a":1',
    '',
  ])('finds none in %s', (text) => {
    expect(scanJson(text).repeatedName).toBeNull();
  });
});
