/** All media nodes of the deployment: those that the configuration names, and those that are linked. */
import { type Env, nodeTokensOf } from '../env.ts';
import { routingTableOf } from '../routing/table/routing-table.ts';
import type { NodeLinkReport } from './node-link.ts';
import { nodeLinkOf } from './node-link-of.ts';

export interface NodeReport {
  readonly name: string;
  /** null: the node is not linked. */
  readonly link: (NodeLinkReport & { readonly revision: number }) | null;
}

/** @throws ConfigError */
export async function listNodes(env: Env): Promise<NodeReport[]> {
  const seen = new Map((await routingTableOf(env).status()).nodes.map((node) => [node.name, node]));
  const names = new Set([...nodeTokensOf(env).values(), ...seen.keys()]);
  return Promise.all(
    [...names].sort().map(async (name) => {
      const report = await nodeLinkOf(env, name).report();
      const revision = seen.get(name)?.revision ?? 0;
      return { name, link: report === null ? null : { ...report, revision } };
    }),
  );
}

/** Whether there is such a node. @throws ConfigError */
export async function knowsNode(env: Env, name: string): Promise<boolean> {
  if ([...nodeTokensOf(env).values()].includes(name)) return true;
  return (await routingTableOf(env).status()).nodes.some((node) => node.name === name);
}
