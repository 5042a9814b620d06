/** The packages that the lockfile pins: which licence each has, whether it brings an install script, and which of our programs it is part of. */
import { readFileSync } from 'node:fs';
import { root } from '../setup/run-tool.ts';

/** Where a package runs: in the media node, in the Worker, or only on machines where Callgate is built and tested. */
export type Part = 'node' | 'edge' | 'tools';

export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** As its manifest says it. */
  readonly licence: string;
  readonly hasInstallScript: boolean;
  /** One of several that differ by operating system or processor. */
  readonly isOfPlatform: boolean;
  readonly parts: readonly Part[];
}

interface LockEntry {
  readonly version?: string;
  readonly license?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

type Lock = Readonly<Record<string, LockEntry>>;

/** Licences of packages whose manifest is older than the field: read in their LICENSE file. */
const statedElsewhere: ReadonlyMap<string, string> = new Map([['sip@0.0.6', 'MIT']]);

const workspaceOf: Readonly<Record<Exclude<Part, 'tools'>, string>> = {
  node: 'media-node',
  edge: 'edge-worker',
};

/** Every package of the lockfile, by name. */
export function lockedPackages(): readonly LockedPackage[] {
  const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')) as {
    packages: Lock;
  };
  const inPart = {
    node: closure(packages, workspaceOf.node),
    edge: closure(packages, workspaceOf.edge),
  };
  const found = new Map<string, LockedPackage>();
  for (const [path, entry] of Object.entries(packages)) {
    if (!path.includes('node_modules/') || entry.link === true) continue;
    const one = packageOf(path, entry, (part) => inPart[part].has(path));
    const id = `${one.name}@${one.version}`;
    // The same version may lie in two folders, each for another of our programs.
    found.set(id, merged(one, found.get(id)));
  }
  return [...found.values()].sort(
    (one, other) => compare(one.name, other.name) || compare(one.version, other.version),
  );
}

function packageOf(
  path: string,
  entry: LockEntry,
  isPartOf: (part: 'node' | 'edge') => boolean,
): LockedPackage {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const version = entry.version ?? '';
  const parts = (['node', 'edge'] as const).filter(isPartOf);
  return {
    name,
    version,
    licence: entry.license ?? statedElsewhere.get(`${name}@${version}`) ?? 'none stated',
    hasInstallScript: entry.hasInstallScript === true,
    isOfPlatform: entry.os !== undefined || entry.cpu !== undefined,
    parts: parts.length === 0 ? ['tools'] : parts,
  };
}

function merged(one: LockedPackage, before: LockedPackage | undefined): LockedPackage {
  if (before === undefined) return one;
  const all = new Set([...before.parts, ...one.parts]);
  const shipped = (['node', 'edge'] as const).filter((part) => all.has(part));
  return { ...one, parts: shipped.length === 0 ? ['tools'] : shipped };
}

/** Paths of all that a workspace needs at run time, directly or not. */
function closure(packages: Lock, workspace: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [workspace];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const { dependencies = {}, optionalDependencies = {} } = packages[path] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const next = resolve(packages, path, name);
      if (next === null || found.has(next)) continue;
      found.add(next);
      open.push(next);
    }
  }
  return found;
}

/** The path that `name` means to the package at `path`: a workspace, or the nearest folder of modules on the way up. */
function resolve(packages: Lock, path: string, name: string): string | null {
  if (name.startsWith('@callgate/')) return name.slice('@callgate/'.length);
  for (let folder = path; ; folder = parentOf(folder)) {
    const candidate = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (packages[candidate] !== undefined) return candidate;
    if (folder === '') return null;
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('node_modules/') - 1));
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
