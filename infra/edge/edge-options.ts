/** The command line of `npm run edge`, checked: a wrong word is named together with what was expected. */
import { parseArgs } from 'node:util';

export const edgeUsage = `npm run edge -- <command> [options]
  first      the Worker with its queues and secrets, once; --keep FILE takes the new SEALING_KEY
  secrets    LIVEKIT_API_KEY and LIVEKIT_API_SECRET from the environment, stored at Cloudflare
  deploy     checks migrations, deploys, remembers the commit; with --url tries it afterwards
  rollback   back to the version before, or to --version ID; with --url tries it afterwards
  smoke      tries the edge at --url, with LIVEKIT_API_KEY and LIVEKIT_API_SECRET from the environment

  --dry-run        shows what would be done and does nothing
  --url URL        of the Worker
  --since REF      commit that is deployed now (the tag edge-deployed, when there is one)
  --version ID     of \`wrangler versions list\`
  --keep FILE      where the new SEALING_KEY is written, readable by its owner alone`;

const commands = ['first', 'secrets', 'deploy', 'rollback', 'smoke'] as const;

export interface EdgeOptions {
  readonly command: (typeof commands)[number];
  readonly dryRun: boolean;
  readonly url: string | null;
  readonly since: string | null;
  readonly version: string | null;
  readonly keep: string | null;
}

/** A wrong command line; the message is for the user. */
export class EdgeOptionError extends Error {
  override readonly name = 'EdgeOptionError';
}

/** @throws EdgeOptionError */
export function readEdgeOptions(args: readonly string[]): EdgeOptions {
  const { positionals, values } = parse(args);
  const [word = ''] = positionals;
  const command = commands.find((one) => one === word);
  if (command === undefined || positionals.length > 1)
    throw new EdgeOptionError(
      `the command is ${JSON.stringify(positionals.join(' '))}; expected one of ${commands.join(', ')}`,
    );
  const url = values.url ?? null;
  if (url !== null && !/^https?:\/\/[^/]/.test(url))
    throw new EdgeOptionError('--url: expected a URL that starts with https:// or http://');
  if (command === 'smoke' && url === null)
    throw new EdgeOptionError('--url is not set; expected the URL of the Worker');
  if (command === 'first' && values.keep === undefined)
    throw new EdgeOptionError('--keep is not set; expected a file for the new SEALING_KEY');
  return {
    command,
    dryRun: values['dry-run'] ?? false,
    url,
    since: values.since ?? null,
    version: values.version ?? null,
    keep: values.keep ?? null,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        'dry-run': { type: 'boolean' },
        url: { type: 'string' },
        since: { type: 'string' },
        version: { type: 'string' },
        keep: { type: 'string' },
      },
    });
  } catch (error) {
    throw new EdgeOptionError(error instanceof Error ? error.message : String(error));
  }
}
