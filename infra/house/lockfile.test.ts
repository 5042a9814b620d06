/**
 * `npm ci` refuses a lockfile that lacks a package for another platform, and npm leaves such a package out when the registry it asked had
 * none. Then nobody can install from a clean clone, although everything works where node_modules stands already.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { root } from '../setup/run-tool.ts';

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const read = (file: string) => JSON.parse(readFileSync(`${root}${file}`, 'utf8')) as unknown;
const { packages } = read('package-lock.json') as { packages: Record<string, LockedPackage> };
const manifest = read('package.json') as { allowScripts: Record<string, boolean> };

/** The package that `name` means to the package at `path`: the nearest one on the way up. */
function resolve(path: string, name: string): LockedPackage | null {
  for (
    let folder = path;
    ;
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))
  ) {
    const found = packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`];
    if (found !== undefined) return found;
    if (folder === '') return null;
  }
}

describe('package-lock.json', () => {
  it('has every optional package of every platform', () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.entries(optionalDependencies)
        .filter(([name, version]) => {
          const found = resolve(path, name);
          return found === null || (/^\d/.test(version) && found.version !== version);
        })
        .map(([name, version]) => `${path} wants ${name}@${version}`),
    );
    expect(missing).toEqual([]);
  });

  it('has one copy of what our programs share: a second one is loaded beside it, and kept in memory', () => {
    const ofWorkspaces = Object.keys(packages).filter((path) =>
      /^(shared|media-node|edge-worker)\/node_modules\//.test(path),
    );
    expect(ofWorkspaces).toEqual([]);
  });

  it('names no registry', () => {
    const hosts = Object.values(packages).filter(({ resolved }) => /^https?:/.test(resolved ?? ''));
    expect(hosts).toEqual([]);
  });

  it('has no package with an install script that was not judged', () => {
    const unjudged = Object.entries(packages)
      .filter(([, one]) => one.hasInstallScript === true)
      .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
      // fsevents is for macOS and optional: blocked there, files are watched another way.
      .filter((name) => !(name in manifest.allowScripts) && name !== 'fsevents');
    expect(unjudged).toEqual([]);
  });
});
