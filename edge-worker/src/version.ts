/** What `GET /version` answers: the release and the version of the contract with media nodes. */
import { contractVersion } from '@callgate/shared/contract/version.ts';
import manifest from '../../package.json' with { type: 'json' };

export const version = {
  name: 'callgate',
  version: manifest.version,
  contract: contractVersion,
} as const;
