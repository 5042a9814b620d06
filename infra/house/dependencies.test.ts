import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isAllowed } from '../dependencies/allowed-licences.ts';
import { dependenciesDocument, dependenciesFile } from '../dependencies/dependencies-document.ts';
import { lockedPackages } from '../dependencies/locked-packages.ts';
import { root } from '../setup/run-tool.ts';

const packages = lockedPackages();

describe('dependencies', () => {
  it('are listed in docs/dependencies.md as the lockfile has them (npm run licences)', () => {
    expect(readFileSync(`${root}${dependenciesFile}`, 'utf8')).toBe(dependenciesDocument());
  });

  it('have licences that are allowed where they run', () => {
    expect(packages.length).toBeGreaterThan(100);
    const refused = packages.filter((one) => !isAllowed(one));
    expect(refused.map(({ name, licence, parts }) => `${name}: ${licence} in ${parts}`)).toEqual(
      [],
    );
  });

  it.each([
    ['MIT', 'node', true],
    ['MIT OR GPL-3.0-only', 'node', true],
    ['(Apache-2.0 AND BSD-3-Clause)', 'edge', true],
    ['Apache-2.0 AND LGPL-3.0-or-later', 'tools', true],
    ['Apache-2.0 AND LGPL-3.0-or-later', 'node', false],
    ['GPL-3.0-only', 'tools', false],
    ['none stated', 'tools', false],
  ] as const)('under %s in %s: %s', (licence, part, allowed) => {
    expect(isAllowed({ licence, parts: [part] })).toBe(allowed);
  });

  it('are told apart by where they run', () => {
    const partsOf = (name: string) => [
      ...new Set(packages.filter((one) => one.name === name).flatMap(({ parts }) => parts)),
    ];
    expect(partsOf('node-datachannel')).toEqual(['node']);
    expect(partsOf('hono')).toEqual(['edge']);
    expect(partsOf('zod')).toEqual(expect.arrayContaining(['node', 'edge']));
    expect(partsOf('wrangler')).toEqual(['tools']);
  });

  it('of ours are exact versions', () => {
    for (const folder of ['', 'shared/', 'edge-worker/', 'media-node/', 'infra/']) {
      const manifest = JSON.parse(readFileSync(`${root}${folder}package.json`, 'utf8')) as Record<
        string,
        Record<string, string> | undefined
      >;
      for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies']) {
        const loose = Object.entries(manifest[kind] ?? {}).filter(
          ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
        );
        expect(loose, `${folder}package.json ${kind}`).toEqual([]);
      }
    }
  });

  it('run no install script', () => {
    const { allowScripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
      allowScripts: Record<string, boolean>;
    };
    expect(Object.values(allowScripts)).not.toContain(true);
    // npm before 11 does not know allowScripts, and Debian's is one of those.
    expect(readFileSync(`${root}.npmrc`, 'utf8')).toMatch(/^ignore-scripts=true$/m);
  });
});
