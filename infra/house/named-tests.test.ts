/** A document that names a test as its proof names one that is there: `file`: "words of the test". */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { root } from '../setup/run-tool.ts';

interface NamedTest {
  readonly document: string;
  readonly file: string;
  readonly words: string;
}

const named: readonly NamedTest[] = readdirSync(`${root}docs`)
  .filter((name) => name.endsWith('.md'))
  .flatMap((document) => {
    const text = readFileSync(`${root}docs/${document}`, 'utf8');
    return [...text.matchAll(/`([\w./-]+\.test\.ts)`: "([^"]+)"/g)].map(
      ([, file = '', words = '']) => ({ document, file, words }),
    );
  });

describe('documents', () => {
  it('name tests that are there, by their words', () => {
    expect(named.filter(({ document }) => document === 'security.md').length).toBeGreaterThan(25);
    const missing = named.filter(
      ({ file, words }) =>
        !existsSync(`${root}${file}`) || !readFileSync(`${root}${file}`, 'utf8').includes(words),
    );
    expect(missing).toEqual([]);
  });
});
