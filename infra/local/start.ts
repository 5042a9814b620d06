/**
 * `npm start`: the whole stack on this machine until Ctrl-C. Says where to point a softphone, how to make a trunk and a rule, and how
 * to stop; with --json one line for scripts. A part that dies is reported and the others keep running, so that one can watch what
 * an outage does; SIGINT, SIGTERM and SIGHUP stop everything that was started.
 */

import { type Stack, startStack } from './stack.ts';
import {
  readStartOptions,
  StartOptionError,
  type StartOptions,
  startUsage,
} from './start-options.ts';
import { startText } from './start-text.ts';

const say = (text: string) => process.stderr.write(`callgate: ${text}\n`);

async function main(args: readonly string[]): Promise<number> {
  const options = readStartOptions(args);
  if (options.help) {
    process.stdout.write(`${startUsage}\n`);
    return 0;
  }
  const stopping = new AbortController();
  const stopAsked = new Promise<string>((settle) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        stopping.abort(new Error(`stopped by ${signal}`));
        settle(signal);
      });
    }
  });
  const stack = await start(options, stopping.signal);
  process.stdout.write(options.json ? `${jsonLine(stack)}\n` : startText(stack));
  watch(stack, stopping.signal);
  const signal = await stopAsked;
  if (!options.json) say(`${signal}: stopping`);
  await stack.stop();
  return 0;
}

function start(options: StartOptions, signal: AbortSignal): Promise<Stack> {
  say('starting livekit-server, edge and media node ...');
  return startStack({
    say,
    signal,
    edgePort: options.edgePort,
    livekitPort: options.livekitPort,
    sipPort: options.sipPort,
    address: options.address,
    ...(options.rtpPorts === null ? {} : { rtpPorts: options.rtpPorts }),
    onLine: (part, line) => process.stderr.write(`${part.padEnd(7)} ${line}\n`),
  });
}

/** What scripts read. The names are a promise. */
function jsonLine(stack: Stack): string {
  return JSON.stringify({
    edge_url: stack.edge.url,
    livekit_url: stack.livekit.url,
    api_key: stack.livekit.apiKey,
    api_secret: stack.livekit.apiSecret,
    sip: stack.node.sip,
    pids: { edge: stack.edge.pid, node: stack.node.pid, livekit: stack.livekit.pid },
  });
}

function watch(stack: Stack, stopping: AbortSignal): void {
  const parts = { 'livekit-server': stack.livekit, edge: stack.edge, 'media node': stack.node };
  for (const [name, part] of Object.entries(parts)) {
    void part.ended.then((end) => {
      if (!stopping.aborted) say(`${name} has ended (${end}); the rest keeps running`);
    });
  }
}

main(process.argv.slice(2)).then(
  (status) => process.exit(status),
  (error: unknown) => {
    say(error instanceof Error ? error.message : String(error));
    if (error instanceof StartOptionError) process.stderr.write(`${startUsage}\n`);
    process.exit(1);
  },
);
