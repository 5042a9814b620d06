/** All media nodes of the deployment: those that have enrolled, those that the configuration names, and those that are linked. */
import { type Env, nodeTokensOf } from '../env.ts';
import { routingTableOf } from '../routing/table/routing-table.ts';
import type { NodeLinkReport } from './node-link.ts';
import { nodeLinkOf } from './node-link-of.ts';

export interface NodeReport {
  readonly name: string;
  /** null: its token stands in NODE_TOKENS. */
  readonly enrolled_at_ms: number | null;
  /** null: the node is not linked. */
  readonly link: (NodeLinkReport & { readonly revision: number }) | null;
}

/** @throws ConfigError */
export async function listNodes(env: Env): Promise<NodeReport[]> {
  const table = routingTableOf(env);
  const [{ nodes }, enrolled] = await Promise.all([table.status(), table.enrolledNodes()]);
  const seen = new Map(nodes.map((node) => [node.name, node]));
  const enrolledAt = new Map(enrolled.map(({ name, at_ms }) => [name, at_ms]));
  const names = new Set([...nodeTokensOf(env).values(), ...enrolledAt.keys(), ...seen.keys()]);
  return Promise.all(
    [...names].sort().map(async (name) => {
      const report = await nodeLinkOf(env, name).report();
      const revision = seen.get(name)?.revision ?? 0;
      const link = report === null ? null : { ...report, revision };
      return { name, enrolled_at_ms: enrolledAt.get(name) ?? null, link };
    }),
  );
}

/** Whether there is such a node. @throws ConfigError */
export async function knowsNode(env: Env, name: string): Promise<boolean> {
  if ([...nodeTokensOf(env).values()].includes(name)) return true;
  const table = routingTableOf(env);
  const [{ nodes }, enrolled] = await Promise.all([table.status(), table.enrolledNodes()]);
  return [...nodes, ...enrolled].some((node) => node.name === name);
}
