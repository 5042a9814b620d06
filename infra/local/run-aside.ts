/** Runs a program of ours beside this process, so that what measures here is not disturbed by what is done there. Options go in and the result comes out as JSON. */
import { LocalProcess } from './local-process.ts';

/** Environment variable with the options. */
const optionsName = 'CALLGATE_ASIDE_OPTIONS';
/** How the line of output that is the result begins. */
const resultMark = 'RESULT ';

/** The whole environment of the program. */
export function asideEnvironment(options: unknown): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', [optionsName]: JSON.stringify(options) };
}

/** Of the program: what it was asked for. */
export function asideOptions<Options>(): Options {
  return JSON.parse(process.env[optionsName] ?? '') as Options;
}

/** Of the program: tells the result; the last thing it does. */
export function asideResult(result: unknown): void {
  process.stdout.write(`${resultMark}${JSON.stringify(result)}\n`, () => process.exit(0));
}

/**
 * @param name for messages
 * @throws Error with its last lines when it ends without a result
 */
export async function runAside<Result>(
  name: string,
  program: string,
  options: unknown,
): Promise<Result> {
  const results: Result[] = [];
  const child = await LocalProcess.start({
    name,
    command: process.execPath,
    args: [program],
    environment: asideEnvironment(options),
    onLine: (line) => {
      if (line.startsWith(resultMark))
        results.push(JSON.parse(line.slice(resultMark.length)) as Result);
    },
  });
  const end = await child.ended;
  const [result] = results;
  if (result === undefined)
    throw new Error(`${name} ended without a result: ${end}\n${child.lastLines}`);
  return result;
}
