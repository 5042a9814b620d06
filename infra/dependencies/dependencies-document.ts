/** docs/dependencies.md: what Callgate is made of that others wrote, from the lockfile. */
import { type LockedPackage, lockedPackages, type Part } from './locked-packages.ts';

export const dependenciesFile = 'docs/dependencies.md';

const intro = `# Dependencies

What Callgate is made of that others wrote, by where it runs. This file is written from \`package-lock.json\` by \`npm run licences\`; a test holds it to that, and
every licence to the list in \`infra/dependencies/allowed-licences.ts\`.

- **Pinned.** Direct dependencies are exact versions, everything below them is pinned with its hash by the lockfile, and \`npm ci\` installs nothing else.
- **Install scripts are off.** \`.npmrc\` has npm run none, whichever npm it is; \`allowScripts\` in \`package.json\` names every package that brings one, and a test fails when a new one
  turns up. What \`esbuild\` and \`workerd\` would do there (checking their own binary) is not needed.
- **Audited** where a registry answers: \`npm audit --omit=dev\`, best in CI with every change and once a day.
- **Few.** A package is taken when it is well kept and what it does is not what Callgate exists for. OpenTelemetry is loaded only where spans are sent; the Worker's
  bundle holds only what it imports.
`;

const titles: Readonly<Record<Part, string>> = {
  node: 'In the media node',
  edge: 'In the Worker',
  tools: 'Tools: building, testing and benches only',
};

export function dependenciesDocument(): string {
  const packages = lockedPackages();
  return [
    intro,
    ...(['node', 'edge', 'tools'] as const).map((part) => section(part, packages)),
  ].join('\n');
}

/** Those that differ by platform stand in one sentence: they are parts of others. */
function section(part: Part, all: readonly LockedPackage[]): string {
  const packages = all.filter(({ parts }) => parts.includes(part));
  const listed = packages.filter(({ isOfPlatform }) => !isOfPlatform);
  const ofPlatform = packages.length - listed.length;
  return [
    `## ${titles[part]}`,
    '',
    `${listed.length} packages${ofPlatform === 0 ? '' : `, and ${ofPlatform} builds of some of them for one platform each`}.`,
    '',
    '| package | version | licence |',
    '|---|---|---|',
    ...listed.map(
      ({ name, version, licence, hasInstallScript }) =>
        `| ${name} | ${version} | ${licence}${hasInstallScript ? ' (install script off)' : ''} |`,
    ),
    '',
  ].join('\n');
}
