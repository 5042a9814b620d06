/** Which licences Callgate may depend on. Callgate is Apache-2.0; who installs it must be able to ship it, changed or not. */
import type { LockedPackage } from './locked-packages.ts';

/** Ask for a notice at most, or for changes to their own files (MPL-2.0), which we make none of. */
const allowedAnywhere: ReadonlySet<string> = new Set([
  'MIT',
  'Apache-2.0',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'CC0-1.0',
  'Unlicense',
  'MPL-2.0',
]);

/** Fine for a tool that runs beside us, not for what we ship. */
const allowedInTools: ReadonlySet<string> = new Set([...allowedAnywhere, 'LGPL-3.0-or-later']);

/** Whether a package may stand in the lockfile: every licence that applies, and one of each choice, is allowed where it runs. */
export function isAllowed({ licence, parts }: Pick<LockedPackage, 'licence' | 'parts'>): boolean {
  const allowed = parts.includes('tools') ? allowedInTools : allowedAnywhere;
  // node-datachannel spells it with a blank.
  return licence
    .replace('MPL 2.0', 'MPL-2.0')
    .replace(/[()]/g, '')
    .split(' AND ')
    .every((part) => part.split(' OR ').some((choice) => allowed.has(choice.trim())));
}
