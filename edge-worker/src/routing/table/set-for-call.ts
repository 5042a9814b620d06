/** The objects that a dry run goes through: of a small table all of them, so that every near miss is explained; of a large one those that share a key with the call. */
import { normalizeNumber } from '@callgate/shared/routing/normalize-number.ts';
import { anyKey, keyOf, type ObjectKind } from './object-keys.ts';
import type { ObjectRow, ObjectStore } from './object-store.ts';

/** Objects of a kind that a dry run reads. */
const objectsMax = 2_000;

export interface CallKeys {
  readonly toUser: string;
  readonly fromUser: string;
  readonly trunkId: string | null;
  /** null: the table as it is. */
  readonly revision: number | null;
}

export function setForCall(
  store: ObjectStore,
  call: CallKeys,
): { trunks: Uint8Array[]; rules: Uint8Array[] } {
  const trunkRows = rowsFor(store, 'trunk', call);
  const trunks = trunkRows.map((row) => store.openTrunk(row.id, row).toBinary());
  return { trunks, rules: rowsFor(store, 'rule', call).map(({ message }) => message) };
}

function rowsFor(
  store: ObjectStore,
  kind: ObjectKind,
  call: CallKeys,
): (ObjectRow & { id: string })[] {
  const page = (count: number) =>
    call.revision === null
      ? store.page(kind, '', count)
      : store.pageAt(kind, '', count, call.revision);
  const all = page(objectsMax + 1);
  // The index knows the table of today only: of an old one the first objects must do.
  if (all.length <= objectsMax || call.revision !== null) return all.slice(0, objectsMax);
  const numbers = new Set([anyKey, keyOf(normalizeNumber(call.toUser))]);
  const callers = new Set([anyKey, keyOf(normalizeNumber(call.fromUser))]);
  const ids = store.rivals(kind, { number: numbers, caller: callers }, '');
  if (kind === 'trunk' && call.trunkId !== null) ids.push(call.trunkId);
  return [...new Set(ids)].slice(0, objectsMax).flatMap((id) => {
    const row = store.row(kind, id);
    return row === null ? [] : [{ ...row, id }];
  });
}
