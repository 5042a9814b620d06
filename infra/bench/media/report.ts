/** Puts the tables of a run and its plot into the documentation, between two marks. */
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Measurement } from './measurement.ts';
import { plotMeasurements } from './plot.ts';

const page = fileURLToPath(new URL('../../../docs/performance.md', import.meta.url));
const picture = 'media-bench.svg';
const pictureFile = fileURLToPath(new URL(`../../../docs/${picture}`, import.meta.url));
const begin = '<!-- media bench: begin -->';
const end = '<!-- media bench: end -->';

export interface Report {
  readonly tables: readonly string[];
  readonly measurements: readonly Measurement[];
  /** What was typed. */
  readonly command: string;
}

/** @throws Error when the page has no marks */
export async function writeReport({ tables, measurements, command }: Report): Promise<void> {
  const text = await readFile(page, 'utf8');
  const section = [
    begin,
    `\`${command}\`, ${availableParallelism()} cores; ratios to the first column in brackets.`,
    '',
    `![CPU per call and delay each way over the number of calls](${picture})`,
    '',
    tables.join('\n\n'),
    end,
  ].join('\n');
  await writeFile(page, replaceBetweenMarks(text, section));
  await writeFile(pictureFile, plotMeasurements(measurements));
}

/** @throws Error when the text has no marks */
export function replaceBetweenMarks(text: string, section: string): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/performance.md lacks ${begin} or ${end}`);
  return text.slice(0, from) + section + text.slice(to + end.length);
}
