/** Types of `cloudflare:workers` and `cloudflare:test` for this Worker: the environment and the exports as they really are. */
/// <reference types="@cloudflare/vitest-plugin/types" />
declare namespace Cloudflare {
  interface Env extends Omit<import('./env.ts').Env, never> {}
  interface GlobalProps {
    mainModule: typeof import('./worker.ts');
    durableNamespaces:
      | 'RoutingTable'
      | 'CallRecords'
      | 'PinLockout'
      | 'NodeLink'
      | 'TrunkCalls'
      | 'Webhooks'
      | 'LiveCalls';
  }
}
