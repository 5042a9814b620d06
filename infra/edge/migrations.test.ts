import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { root } from '../setup/run-tool.ts';
import { migrationFault, migrationsOf, newMigrations } from './migrations.ts';

const block = (tag: string, classes: string) =>
  `[[migrations]]\ntag = "${tag}"\n# why\nnew_sqlite_classes = [${classes}]\n\n`;
const v1 = block('v1', '"A"');
const v2 = block('v2', '"B"');
const rest = '[observability]\nenabled = true\n';

describe('migrations', () => {
  it('are found in wrangler.toml', () => {
    const settings = readFileSync(`${root}wrangler.toml`, 'utf8');
    expect(migrationsOf(settings)[0]).toMatchObject({ tag: 'v1' });
    expect(migrationsOf(`name = "x"\n${v1}${v2}${rest}`)).toEqual([
      { tag: 'v1', lines: ['tag = "v1"', 'new_sqlite_classes = ["A"]'] },
      { tag: 'v2', lines: ['tag = "v2"', 'new_sqlite_classes = ["B"]'] },
    ]);
  });

  it('may be added at the end', () => {
    expect(migrationFault(v1 + rest, v1 + v2 + rest)).toBeNull();
    expect(newMigrations(v1 + rest, v1 + v2 + rest)).toEqual(['v2']);
  });

  it.each([
    ['changed', block('v1', '"A", "B"'), 'migration v1 has changed since it was deployed'],
    ['taken out', rest, 'migration v1 is gone'],
    ['put behind another', v2 + v1, 'migration 1 is v2; expected v1'],
  ])('that have been deployed may not be %s', (_, next, fault) => {
    expect(migrationFault(v1 + rest, next)).toContain(fault);
  });
});
