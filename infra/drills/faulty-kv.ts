/**
 * Runs inside workerd, between the Worker and its KV, and can be told to show what was there a while ago or to fail: `GET /drill/kv?mode=…`. What the Worker does
 * about it is the Worker's own. worker-with-faulty-kv.ts makes it the entry of the bundle.
 */

export type KvMode = 'well' | 'stale' | 'away';

/** What of KV the Worker uses. */
interface Kv {
  get(key: string | readonly string[], options?: object): Promise<unknown>;
  put(key: string, value: string, options?: object): Promise<void>;
  delete(key: string): Promise<void>;
  list(options: { readonly cursor?: string }): Promise<{
    readonly keys: readonly { readonly name: string }[];
    readonly cursor?: string;
  }>;
}

interface Bindings {
  readonly ROUTING: Kv;
}

interface Handler {
  fetch(request: Request, env: Bindings, context: unknown): Promise<Response>;
}

let mode: KvMode = 'well';
/** What was there when `stale` began, misses included. */
let before = new Map<string, unknown>();

/** The Worker with a KV that does as it is told. */
export function withFaultyKv(worker: Handler): Handler {
  return {
    async fetch(request, env, context) {
      const url = new URL(request.url);
      if (url.pathname !== '/drill/kv') return worker.fetch(request, faultyBindings(env), context);
      const wanted = url.searchParams.get('mode') as KvMode;
      if (wanted === 'stale') before = await everything(env.ROUTING);
      mode = wanted;
      return new Response(mode);
    },
  };
}

/** The same bindings with a KV that does as it is told. */
export function faultyBindings<B extends Bindings>(env: B): B {
  const kv = env.ROUTING;
  const faulty: Kv = {
    get: async (key, options) => {
      failWhenAway();
      if (mode === 'well') return kv.get(key, options);
      if (typeof key === 'string') return before.get(key) ?? null;
      return new Map(key.map((one) => [one, before.get(one) ?? null]));
    },
    put: async (key, value, options) => {
      failWhenAway();
      return kv.put(key, value, options);
    },
    delete: async (key) => {
      failWhenAway();
      return kv.delete(key);
    },
    list: (options) => kv.list(options),
  };
  return { ...env, ROUTING: faulty };
}

function failWhenAway(): void {
  if (mode === 'away') throw new Error('KV GET failed: 503 Service Unavailable');
}

async function everything(kv: Kv): Promise<Map<string, unknown>> {
  const all = new Map<string, unknown>();
  for (let cursor: string | undefined, more = true; more; ) {
    const page = await kv.list(cursor === undefined ? {} : { cursor });
    for (const { name } of page.keys) all.set(name, await kv.get(name, { type: 'text' }));
    cursor = page.cursor;
    more = cursor !== undefined;
  }
  return all;
}
