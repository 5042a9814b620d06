/** What a source file asks for: its import specifiers, static, dynamic and type-only ones alike, from the text without comments. */
import { globSync, readFileSync } from 'node:fs';
import { root } from '../setup/run-tool.ts';

export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** Without comments, so that prose breaks no rule; strings stay. */
  readonly code: string;
  readonly imports: readonly string[];
  readonly isTest: boolean;
}

/** Every TypeScript and JavaScript file that we wrote. */
export function sourceFiles(): readonly SourceFile[] {
  return globSync('{shared,edge-worker,media-node,infra}/**/*.{ts,mjs}', {
    cwd: root,
    exclude: ['**/node_modules/**'],
  })
    .sort()
    .map((path) => {
      const text = readFileSync(`${root}${path}`, 'utf8');
      const code = withoutComments(text);
      return { path, text, code, imports: importsOf(code), isTest: isTestFile(path) };
    });
}

const importPattern =
  /(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s+|\brequire\s*\(\s*)(['"])([^'"\n]+)\1/g;

export function importsOf(code: string): readonly string[] {
  return [...code.matchAll(importPattern)].map((match) => match[2] ?? '');
}

/** Drops block comments and whole-line comments; a `//` inside a string or behind code stays, which only makes the rules stricter. */
export function withoutComments(text: string): string {
  return text.replace(/^\s*\/\*[\s\S]*?\*\//gm, '').replace(/^\s*\/\/.*$/gm, '');
}

/** Tests and what only tests use. */
function isTestFile(path: string): boolean {
  return /\.(test|fake|contract)\.ts$/.test(path) || path.includes('/testing/');
}
