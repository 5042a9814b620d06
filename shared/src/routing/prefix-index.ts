/**
 * Which items have a network that holds this address: one look-up per prefix length in use, whatever the
 * number of items. Serves the live decision (trunks by source address) and the search for conflicts
 * (a network that holds another network).
 */
import { headOf4, headOf6, type IpAddress, type IpPrefix } from './ip-address.ts';

interface OneLength<Head, Item> {
  readonly bits: number;
  readonly byHead: Map<Head, Item[]>;
}

/** Items by network. Lengths are in ascending order: the widest network comes first. */
export interface PrefixIndex<Item> {
  readonly lengths4: OneLength<number, Item>[];
  readonly lengths6: OneLength<bigint, Item>[];
}

export function emptyPrefixIndex<Item>(): PrefixIndex<Item> {
  return { lengths4: [], lengths6: [] };
}

/** Files an item under a network. An item is listed once per network, however often it is added. */
export function addPrefix<Item>(index: PrefixIndex<Item>, prefix: IpPrefix, item: Item): void {
  if (prefix.family === 4) put(index.lengths4, prefix.bits, prefix.head, item);
  else put(index.lengths6, prefix.bits, prefix.head, item);
}

/** Items with a network that holds the address, widest network first; an item may come more than once. */
export function findByAddress<Item>(index: PrefixIndex<Item>, address: IpAddress): Item[] {
  const found: Item[] = [];
  if (address.family === 4) {
    for (const { bits, byHead } of index.lengths4) {
      push(found, byHead.get(headOf4(address.value, bits)));
    }
  } else {
    for (const { bits, byHead } of index.lengths6) {
      push(found, byHead.get(headOf6(address.value, bits)));
    }
  }
  return found;
}

/** An item other than `self` with a network that holds the whole of `prefix` (or equals it). */
export function findHolder<Item>(
  index: PrefixIndex<Item>,
  prefix: IpPrefix,
  self: Item,
): Item | undefined {
  if (prefix.family === 4) {
    return firstOther(index.lengths4, prefix.bits, self, (bits) =>
      bits === 0 ? 0 : prefix.head >>> (prefix.bits - bits),
    );
  }
  return firstOther(
    index.lengths6,
    prefix.bits,
    self,
    (bits) => prefix.head >> BigInt(prefix.bits - bits),
  );
}

function firstOther<Head, Item>(
  lengths: readonly OneLength<Head, Item>[],
  bitsMax: number,
  self: Item,
  headOf: (bits: number) => Head,
): Item | undefined {
  for (const { bits, byHead } of lengths) {
    if (bits > bitsMax) break;
    const other = byHead.get(headOf(bits))?.find((item) => item !== self);
    if (other !== undefined) return other;
  }
  return undefined;
}

function put<Head, Item>(
  lengths: OneLength<Head, Item>[],
  bits: number,
  head: Head,
  item: Item,
): void {
  let at = lengths.findIndex((one) => one.bits >= bits);
  if (at < 0) at = lengths.length;
  let one = lengths[at];
  if (one?.bits !== bits) {
    one = { bits, byHead: new Map() };
    lengths.splice(at, 0, one);
  }
  const items = one.byHead.get(head);
  if (items === undefined) one.byHead.set(head, [item]);
  else if (items.at(-1) !== item) items.push(item);
}

function push<Item>(found: Item[], items: readonly Item[] | undefined): void {
  if (items === undefined) return;
  for (const item of items) found.push(item);
}
