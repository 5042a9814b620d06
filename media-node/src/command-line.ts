/**
 * `callgate-node` without arguments runs the node; `enrol` and `rotate` see to its token. Both take the edge and the file from the node's environment where options leave
 * them out.
 */
import { parseArgs } from 'node:util';
import { compileAll } from './compile.ts';
import { ConfigError } from './config.ts';
import { enrol, rotate } from './enrol.ts';

/** Beside the spool, where the service may write. */
const defaultTokenFile = '/var/lib/callgate/token';

export const usage = `callgate-node                    runs the node (see the table of variables in README.md)
callgate-node enrol --code CODE  trades a one-time code for the token of this node
callgate-node rotate             trades the token in force for a new one; a running node takes it by itself
callgate-node compile            compiles for the next start, into the folder that NODE_COMPILE_CACHE names
  --edge URL                     the edge                        (CALLGATE_EDGE_URL)
  --token-file FILE              where the token is kept         (CALLGATE_NODE_TOKEN_FILE, else ${defaultTokenFile})`;

type Environment = Readonly<Record<string, string | undefined>>;

/** Runs a command. @returns the line that says what was done. @throws ConfigError, Error with what the edge said */
export async function runCommand(
  [command = '', ...args]: readonly string[],
  environment: Environment,
): Promise<string> {
  if (command === '--help') return usage;
  if (command === 'compile') {
    await compileAll();
    return 'compiled';
  }
  const { code, edge, 'token-file': file } = read(args);
  const edgeUrl = urlOf(edge ?? environment['CALLGATE_EDGE_URL']);
  const tokenFile = file ?? environment['CALLGATE_NODE_TOKEN_FILE'] ?? defaultTokenFile;
  switch (command) {
    case 'enrol': {
      if (code === undefined) throw new ConfigError(`--code is not set\n${usage}`);
      const name = await enrol({ edgeUrl, tokenFile }, code);
      return `enrolled as ${name}; set CALLGATE_NODE_NAME=${name} and CALLGATE_NODE_TOKEN_FILE=${tokenFile}`;
    }
    case 'rotate':
      return `the token of ${await rotate({ edgeUrl, tokenFile })} is a new one, in ${tokenFile}`;
    default:
      throw new ConfigError(
        `there is no command ${JSON.stringify(command.slice(0, 40))}\n${usage}`,
      );
  }
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        code: { type: 'string' },
        edge: { type: 'string' },
        'token-file': { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new ConfigError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

function urlOf(text: string | undefined): URL {
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new ConfigError('--edge or CALLGATE_EDGE_URL: expected the http(s) URL of the Worker');
  return url;
}
