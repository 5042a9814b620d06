/** The object that holds a node's link. Apart from the object itself, which imports the routing table. */
import type { Env } from '../env.ts';
import type { NodeLink } from './node-link.ts';

export function nodeLinkOf(env: Env, node: string): DurableObjectStub<NodeLink> {
  return env.NODE_LINK.getByName(node);
}
