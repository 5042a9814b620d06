/** `npm run licences`: writes docs/dependencies.md anew, and fails when a licence is not allowed. */
import { writeFileSync } from 'node:fs';
import { root } from '../setup/run-tool.ts';
import { isAllowed } from './allowed-licences.ts';
import { dependenciesDocument, dependenciesFile } from './dependencies-document.ts';
import { lockedPackages } from './locked-packages.ts';

writeFileSync(`${root}${dependenciesFile}`, dependenciesDocument());
const refused = lockedPackages().filter((one) => !isAllowed(one));
for (const { name, version, licence, parts } of refused)
  process.stderr.write(`${name}@${version} (${parts.join(', ')}): ${licence} is not allowed\n`);
process.exitCode = refused.length === 0 ? 0 : 1;
