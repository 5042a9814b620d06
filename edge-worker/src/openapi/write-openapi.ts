/** Writes docs/openapi.json. Run it after a change of operations.ts or of a schema: `npm run openapi`. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { openapiDocument } from './openapi.ts';

const target = fileURLToPath(import.meta.resolve('../../../docs/openapi.json'));
await writeFile(target, `${JSON.stringify(openapiDocument(), null, 2)}\n`);
