/** A document that names a test as its proof names one that is there: `file`: "words of the test". */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { drills } from '../drills/drills.ts';
import { root } from '../setup/run-tool.ts';

interface NamedTest {
  readonly document: string;
  readonly file: string;
  readonly words: string;
}

const namedTest = /`[\w./-]+\.test\.ts`: "[^"]+"/;

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

  it('say of each line on security which test holds it', () => {
    const rows = tableRows('security.md');
    expect(rows.length).toBeGreaterThan(40);
    expect(rows.filter((row) => !namedTest.test(row))).toEqual([]);
  });

  it('say of each failure which drill tries it, and name drills that are there', () => {
    const rows = tableRows('regions.md');
    const tried = rows.map((row) => [...row.matchAll(/`([\w.-]+)`/g)].map(([, name = '']) => name));
    expect(rows.length).toBeGreaterThan(12);
    expect(rows.filter((_row, at) => !tried[at]?.some((name) => name in drills))).toEqual([]);
  });
});

/** Rows of a document's tables, without their heads. */
function tableRows(document: string): readonly string[] {
  const lines = readFileSync(`${root}docs/${document}`, 'utf8').split('\n');
  return lines.filter(
    (line, at) =>
      line.startsWith('| ') && !/^\|-/.test(lines[at + 1] ?? '') && !/^\|[-|]+$/.test(line),
  );
}
