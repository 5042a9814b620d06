/**
 * ListUpdate: how a request changes one list of a stored object. Strings are compared exactly; another
 * spelling of a number is another entry.
 */
import type { ListUpdate } from '@livekit/protocol';
import { type Fault, fault } from './fault.ts';

/** null: the update may be applied. No update at all is fine. */
export function listUpdateFault(field: string, update: ListUpdate | undefined): Fault | null {
  const msg = update === undefined ? null : faultText(update);
  return msg === null ? null : fault(field, msg);
}

/**
 * The list after an update without fault. `set` keeps order and duplicates; `remove` takes the first
 * occurrence of each entry and goes before `add`, which appends what is missing.
 */
export function applyListUpdate(list: readonly string[], update: ListUpdate | undefined): string[] {
  if (update === undefined) return [...list];
  if (update.clear) return [];
  if (update.set.length > 0) return [...update.set];
  const result = [...list];
  for (const entry of update.remove) {
    const at = result.indexOf(entry);
    if (at >= 0) result.splice(at, 1);
  }
  for (const entry of update.add) {
    if (!result.includes(entry)) result.push(entry);
  }
  return result;
}

function faultText({ set, add, remove, clear }: ListUpdate): string | null {
  const entries = [...set, ...add, ...remove];
  if (!clear && entries.length === 0) return 'unsupported list update operation';
  if (clear && entries.length > 0) return 'cannot clear and change the list at the same time';
  if (set.length > 0 && add.length + remove.length > 0) {
    return 'cannot set and change the list at the same time';
  }
  return entries.includes('') ? 'empty element in the list' : null;
}
