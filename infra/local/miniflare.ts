/** wrangler's own copy of miniflare, so that version, options and workerd fit each other. Only what is used here has a type. */
import { createRequire } from 'node:module';

export interface MiniflareWorkers {
  readonly ready: Promise<URL>;
  /** Where the inspector listens, once it was asked for by inspectorPort. */
  getInspectorURL(): Promise<URL>;
  /** Where the Worker itself listens, once it was asked for by unsafeDirectSockets. */
  unsafeGetDirectURL(): Promise<URL>;
  dispose(): Promise<void>;
}

interface MiniflareModule {
  readonly Miniflare: new (options: unknown) => MiniflareWorkers;
  readonly Log: new (level: number) => object;
  readonly LogLevel: { readonly WARN: number };
  convertV4MiniflareOptions(options: unknown): unknown;
}

export const ofWrangler = createRequire(
  createRequire(import.meta.url).resolve('wrangler/package.json'),
);

const module = ofWrangler('miniflare') as MiniflareModule;

/** Starts Workers in workerd. @param options as of miniflare 4, without `log` */
export function startMiniflare(options: object): MiniflareWorkers {
  const log = new module.Log(module.LogLevel.WARN);
  return new module.Miniflare(module.convertV4MiniflareOptions({ ...options, log }));
}
