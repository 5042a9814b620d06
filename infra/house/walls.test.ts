/**
 * The walls of the house: who may import whom, and what stands in one place only. A rule here is a sentence of the design; a file
 * that breaks it is named together with what it imports.
 */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../setup/run-tool.ts';
import { importsOf, type SourceFile, sourceFiles, withoutComments } from './imports.ts';

const files = sourceFiles();
const product = files.filter(
  (file) => !file.isTest && /^(shared|edge-worker|media-node)\/src\//.test(file.path),
);

/** Path an import leads to inside the repository; null: a package or a module of Node. */
function target(file: SourceFile, specifier: string): string | null {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(file.path), specifier);
  const workspace = /^@callgate\/(shared|edge-worker|media-node|infra)\/(.*)$/.exec(specifier);
  if (workspace === null) return null;
  return workspace[1] === 'shared'
    ? `shared/src/${workspace[2]}`
    : `${workspace[1]}/${workspace[2]}`;
}

/** `file -> import` for each import of `from` that `isForbidden`. */
function breaches(
  from: readonly SourceFile[],
  isForbidden: (specifier: string, to: string | null, file: SourceFile) => boolean,
): string[] {
  return from.flatMap((file) =>
    file.imports
      .filter((specifier) => isForbidden(specifier, target(file, specifier), file))
      .map((specifier) => `${file.path} -> ${specifier}`),
  );
}

/** Files whose code matches. */
const naming = (from: readonly SourceFile[], pattern: RegExp) =>
  from.filter((file) => pattern.test(file.code)).map((file) => file.path);

const within = (folder: string) => (file: SourceFile) => file.path.startsWith(folder);

/** Part of the node a path lies in: `sip`, `media`, ...; null outside. */
const partOf = (path: string | null) =>
  /^media-node\/src\/([a-z]+)\//.exec(path ?? '')?.[1] ?? null;

describe('who may import whom', () => {
  it('sees the files it speaks of', () => {
    for (const folder of ['shared/src/', 'edge-worker/src/', 'media-node/src/', 'infra/']) {
      expect(files.filter(within(folder)).length, folder).toBeGreaterThan(3);
    }
    expect(
      importsOf("import type { A } from './a.ts'; await import('b'); export * from 'c'"),
    ).toEqual(['./a.ts', 'b', 'c']);
    expect(importsOf(withoutComments("/** import 'x' */\n// from 'y'\nimport 'z';"))).toEqual([
      'z',
    ]);
  });

  it('shared imports neither side', () => {
    expect(
      breaches(
        files.filter(within('shared/')),
        (_, to) => to !== null && !to.startsWith('shared/'),
      ),
    ).toEqual([]);
  });

  it('edge-worker imports of ours only itself and shared; media-node likewise', () => {
    for (const side of ['edge-worker/', 'media-node/']) {
      expect(
        breaches(
          product.filter(within(side)),
          (_, to) =>
            to !== null &&
            !to.startsWith(side) &&
            !to.startsWith('shared/') &&
            // The one place that holds the version.
            to !== 'package.json',
        ),
      ).toEqual([]);
    }
  });

  it('shared has no I/O: of Node it imports nothing but hashes', () => {
    expect(
      breaches(
        product.filter(within('shared/')),
        (specifier) => specifier.startsWith('node:') && specifier !== 'node:crypto',
      ),
    ).toEqual([]);
  });

  it('sip, media, sdp, edge and ops never import each other', () => {
    const parts = new Set(['sip', 'media', 'edge', 'sdp', 'ops']);
    const isPort = (to: string | null) => to === 'media-node/src/ops/log.ts';
    expect(
      breaches(product.filter(within('media-node/src/')), (_, to, file) => {
        const [from, into] = [partOf(file.path), partOf(to)];
        if (from === null || into === null || from === into || isPort(to)) return false;
        // The shape of a negotiated stream is part of the media port.
        if (from === 'sdp' && to === 'media-node/src/media/media-session.ts') return false;
        return parts.has(from) && (parts.has(into) || into === 'call');
      }),
    ).toEqual([]);
  });

  it('only sip/wire imports the sip package', () => {
    expect(
      breaches(
        files.filter((file) => !file.path.startsWith('media-node/src/sip/wire/')),
        (specifier) => specifier === 'sip' || specifier.startsWith('sip/'),
      ),
    ).toEqual([]);
  });

  it('only media/room imports LiveKit RTC and node-datachannel', () => {
    expect(
      breaches(
        product.filter((file) => !file.path.startsWith('media-node/src/media/room/')),
        (specifier) => /^(@livekit\/rtc-node|node-datachannel)(\/|$)/.test(specifier),
      ),
    ).toEqual([]);
  });

  it('only media imports a codec', () => {
    expect(
      breaches(
        product.filter((file) => !file.path.startsWith('media-node/src/media/')),
        (specifier) => specifier.startsWith('@evan/opus'),
      ),
    ).toEqual([]);
  });
});

describe('what a workspace runs on', () => {
  /** Name of the package that a specifier means; null: a file, a module of Node, or one that the platform brings. */
  const packageOf = (specifier: string) =>
    /^(?:\.|node:|cloudflare:)/.test(specifier)
      ? null
      : (/^(?:@[a-z][^/]*\/)?[a-z][^/]*/.exec(specifier)?.[0] ?? null);

  it.each(['shared', 'edge-worker', 'media-node'])(
    '%s declares each package it imports: an installation has no others',
    (workspace) => {
      const manifest = JSON.parse(readFileSync(`${root}${workspace}/package.json`, 'utf8')) as {
        dependencies: Record<string, string>;
      };
      expect(
        breaches(product.filter(within(`${workspace}/`)), (specifier) => {
          const name = packageOf(specifier);
          return name !== null && !(name in manifest.dependencies);
        }),
      ).toEqual([]);
    },
  );
});

describe('what stands in one place only', () => {
  it('time comes from the clock', () => {
    const clocks = ['media-node/src/clock.ts', 'edge-worker/src/clock.ts'];
    expect(
      naming(
        product.filter((file) => !clocks.includes(file.path)),
        /\b(setTimeout|setInterval|Date\.now|performance\.now|new Date\(\))/,
      ),
    ).toEqual([]);
  });

  it('shared has no randomness and no clock of its own', () => {
    expect(
      naming(
        product.filter(within('shared/')),
        /\b(Math\.random|randomBytes|randomInt|randomUUID|getRandomValues|Date\.now|performance)\b/,
      ),
    ).toEqual([]);
  });

  it('the environment is read by main.ts alone, for config.ts', () => {
    expect(
      naming(
        product.filter((file) => file.path !== 'media-node/src/main.ts'),
        /\bprocess\.env\b/,
      ),
    ).toEqual([]);
  });

  it('no file passes 400 lines', () => {
    expect(
      files
        .map((file) => [file.path, file.text.split('\n').length - 1] as const)
        .filter(([, lines]) => lines > 400),
    ).toEqual([]);
  });

  it('no folder is called utils, helpers, common or lib', () => {
    expect(
      files.map((file) => file.path).filter((path) => /\/(utils|helpers|common|lib)\//.test(path)),
    ).toEqual([]);
  });

  it('no barrel files', () => {
    expect(
      files.map((file) => file.path).filter((path) => /\/index\.(ts|mjs)$/.test(path)),
    ).toEqual([]);
  });

  it('nothing silences the type checker, and the linter only with a reason', () => {
    const silenced = /@ts-(ignore|expect-error|nocheck)|biome-ignore[^:\n]*(:\s*)?$/m;
    expect(
      files
        .filter((file) => file.path !== 'infra/house/walls.test.ts' && silenced.test(file.text))
        .map((file) => file.path),
    ).toEqual([]);
  });
});
