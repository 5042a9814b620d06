/**
 * The process that is "the edge" on one machine: it holds one workerd with the Worker's bundle, bindings as wrangler.toml declares
 * them, state in a folder. Started by edge.ts. workerd listens on the port itself, with no proxy in between as `wrangler dev` has,
 * so what is measured here is the Worker; and it dies with this process, so that one process id stands for the edge.
 *
 * Standard output: first a line `{"edge":"http://…","inspector":…}`, then every line the Worker logs.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unstable_getMiniflareWorkerOptions } from 'wrangler';
import { ofWrangler, startMiniflare } from './miniflare.ts';

/** What edge.ts passes in CALLGATE_EDGE_HOST, as JSON. */
export interface EdgeHostOptions {
  /** The Worker's module, built; what it imports lies beside it. */
  readonly bundle: string;
  readonly host: string;
  readonly port: number;
  /** Folder of KV and Durable Object storage. */
  readonly stateFolder: string;
  /** Open a port of V8's inspector. */
  readonly isInspected: boolean;
  /** Variables and secrets of the Worker. */
  readonly variables: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const options = JSON.parse(process.env['CALLGATE_EDGE_HOST'] ?? '') as EdgeHostOptions;
const write = (line: string) => process.stdout.write(`${line}\n`);

process.env['CALLGATE_WORKERD'] = (ofWrangler('workerd') as { default: string }).default;
process.env['MINIFLARE_WORKERD_PATH'] = `${root}infra/local/workerd.sh`;
delete process.env['CALLGATE_EDGE_HOST'];

const { workerOptions } = unstable_getMiniflareWorkerOptions(`${root}wrangler.toml`);
const miniflare = startMiniflare({
  host: options.host,
  port: 0,
  ...(options.isInspected ? { inspectorPort: 0 } : {}),
  // No look-up of a sample Request.cf: nothing is asked of the internet.
  cf: false,
  handleStructuredLogs: ({ message }: { readonly message: string }) => write(message),
  // KV and Durable Objects: what is stored outlives the process.
  resourcePersistencePath: options.stateFolder,
  workers: [
    {
      ...workerOptions,
      name: 'callgate',
      // Straight to the Worker, as at Cloudflare: miniflare's own door is a Worker too, which every request would pass first.
      unsafeDirectSockets: [{ host: options.host, port: options.port }],
      modulesRoot: dirname(options.bundle),
      modules: [...new Set([options.bundle, join(dirname(options.bundle), 'worker.js')])].map(
        (path) => ({ type: 'ESModule', path }),
      ),
      bindings: { ...(workerOptions['bindings'] as object), ...options.variables },
    },
  ],
});

let isStopping = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (isStopping) return;
    isStopping = true;
    miniflare.dispose().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}

await miniflare.ready;
const url = await miniflare.unsafeGetDirectURL();
const inspector = options.isInspected ? (await miniflare.getInspectorURL()).href : null;
write(JSON.stringify({ edge: url.origin, inspector }));
