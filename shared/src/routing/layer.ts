/**
 * One layer of a routing index: what is filed under each key, and what is filed under "any". Trunks lie in
 * the layers called number and caller; rules in the layers trunk, called number and caller. An item without
 * keys in a layer (an empty list) lies under any; a call looks at its own key and at any.
 *
 * Keys that hold the same items share one node, so that a trunk with a million numbers costs a million map
 * entries and one node, and a list of callers is not built again for every called number.
 */

/** A layer over nodes of the next one. */
export interface Layer<Node> {
  readonly any: Node | null;
  readonly byKey: ReadonlyMap<string, Node>;
}

/** An empty map takes 200 bytes, and most layers of most trunks and rules have no keys. */
const noKeys: ReadonlyMap<string, never> = new Map<string, never>();

/** Places in the list of items. Most keys lead to one item, and those need no array. */
type Ordinals = number | number[];

/**
 * Files items by key.
 *
 * @param items in the order in which nodes shall see them
 * @param keysOf distinct keys of an item; null: any
 * @param build makes the node of the next layer; called once per distinct set of items
 */
export function buildLayer<Item, Node>(
  items: readonly Item[],
  keysOf: (item: Item) => Iterable<string> | null,
  build: (items: readonly Item[]) => Node,
): Layer<Node> {
  const withoutKeys: Item[] = [];
  const ordinals = new Map<string, Ordinals>();
  for (const [ordinal, item] of items.entries()) {
    const keys = keysOf(item);
    if (keys === null) {
      withoutKeys.push(item);
      continue;
    }
    for (const key of keys) {
      const before = ordinals.get(key);
      if (before === undefined) ordinals.set(key, ordinal);
      else if (typeof before === 'number') ordinals.set(key, [before, ordinal]);
      else before.push(ordinal);
    }
  }
  return {
    any: withoutKeys.length === 0 ? null : build(withoutKeys),
    byKey: ordinals.size === 0 ? noKeys : shareNodes(items, ordinals, build),
  };
}

/** Nodes that the call must look at: its own key first, then any. */
export function nodesFor<Node>(layer: Layer<Node>, key: string): readonly Node[] {
  const own = layer.byKey.get(key);
  if (layer.any === null) return own === undefined ? [] : [own];
  return own === undefined ? [layer.any] : [own, layer.any];
}

/** All distinct nodes, each with the first key that leads to it (null: any). */
export function* eachNode<Node>(layer: Layer<Node>): Generator<[string | null, Node]> {
  if (layer.any !== null) yield [null, layer.any];
  const seen = new Set<Node>();
  for (const [key, node] of layer.byKey) {
    if (seen.has(node)) continue;
    seen.add(node);
    yield [key, node];
  }
}

function shareNodes<Item, Node>(
  items: readonly Item[],
  ordinals: ReadonlyMap<string, Ordinals>,
  build: (items: readonly Item[]) => Node,
): Map<string, Node> {
  const nodes = new Map<string, Node>();
  const bySameItems = new Map<string | number, Node>();
  for (const [key, filed] of ordinals) {
    const same = typeof filed === 'number' ? filed : filed.join();
    let node = bySameItems.get(same);
    if (node === undefined) {
      node = build([filed].flat().flatMap((ordinal) => items[ordinal] ?? []));
      bySameItems.set(same, node);
    }
    nodes.set(key, node);
  }
  return nodes;
}
