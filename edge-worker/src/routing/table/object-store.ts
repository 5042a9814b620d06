/**
 * Trunks and rules at rest, and the index of their keys. Passwords are sealed under SEALING_KEY, bound to the id of their trunk. Synchronous:
 * whoever writes wraps what belongs together into one transaction.
 */
import { revisionLimits } from '@callgate/shared/limits.ts';
import { type Fault, fault } from '@callgate/shared/livekit-api/fault.ts';
import { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import { openSecret, sealSecret } from '../../trust/sealed-secret.ts';
import { keyHash } from '../shards/bucket.ts';
import {
  anyKey,
  type Dimension,
  type ObjectKeys,
  type ObjectKind,
  ruleKeys,
  textOf,
  trunkKeys,
} from './object-keys.ts';

/** An object as it lies in its row. */
export interface ObjectRow {
  readonly message: Uint8Array;
  /** Sealed; null: none. */
  readonly password: string | null;
}

type SqlRow = { id: string; message: ArrayBuffer; password: string | null };

export class ObjectStore {
  readonly #sql: SqlStorage;
  readonly #sealingKey: Uint8Array;

  constructor(sql: SqlStorage, sealingKey: Uint8Array) {
    this.#sql = sql;
    this.#sealingKey = sealingKey;
  }

  row(kind: ObjectKind, id: string): ObjectRow | null {
    const [row] = this.#sql
      .exec<SqlRow>('SELECT id, message, password FROM objects WHERE kind = ? AND id = ?', kind, id)
      .toArray();
    return row === undefined ? null : { ...row, message: new Uint8Array(row.message) };
  }

  trunk(id: string): SIPInboundTrunkInfo | null {
    const row = this.row('trunk', id);
    return row === null ? null : this.openTrunk(id, row);
  }

  rule(id: string): SIPDispatchRuleInfo | null {
    const row = this.row('rule', id);
    return row === null ? null : SIPDispatchRuleInfo.fromBinary(row.message);
  }

  /** Up to `count` rows after `afterId`, in the order of ids. */
  page(kind: ObjectKind, afterId: string, count: number): (ObjectRow & { id: string })[] {
    return this.#sql
      .exec<SqlRow>(
        'SELECT id, message, password FROM objects WHERE kind = ? AND id > ? ORDER BY id LIMIT ?',
        kind,
        afterId,
        count,
      )
      .toArray()
      .map((row) => ({ ...row, message: new Uint8Array(row.message) }));
  }

  /** The same as they were at a revision: what was touched since is taken from the history. */
  pageAt(
    kind: ObjectKind,
    afterId: string,
    count: number,
    revision: number,
  ): (ObjectRow & { id: string })[] {
    return this.#sql
      .exec<SqlRow>(
        `WITH touched AS (
           SELECT id, before, before_password, min(revision) FROM revision_changes
           WHERE kind = ?1 AND revision > ?4 GROUP BY id)
         SELECT id, message, password FROM objects
           WHERE kind = ?1 AND id > ?2 AND id NOT IN (SELECT id FROM touched)
         UNION ALL
         SELECT id, before, before_password FROM touched WHERE before IS NOT NULL AND id > ?2
         ORDER BY 1 LIMIT ?3`,
        kind,
        afterId,
        count,
        revision,
      )
      .toArray()
      .map((row) => ({ ...row, message: new Uint8Array(row.message) }));
  }

  hasMoreThan(kind: ObjectKind, count: number): boolean {
    const rows = this.#sql.exec(
      'SELECT 1 FROM objects WHERE kind = ? LIMIT 1 OFFSET ?',
      kind,
      count,
    );
    return rows.toArray().length > 0;
  }

  /** Whether the lists of all objects have more than `count` entries. */
  hasMoreKeysThan(count: number): boolean {
    return this.#sql.exec('SELECT 1 FROM keys LIMIT 1 OFFSET ?', count).toArray().length > 0;
  }

  /** Ids of all objects of a kind, read as they are needed. */
  *ids(kind: ObjectKind): Generator<string> {
    const rows = this.#sql
      .exec<{ id: string }>('SELECT id FROM objects WHERE kind = ? ORDER BY id', kind)
      .toArray();
    for (const { id } of rows) yield id;
  }

  /** A trunk with its password opened. */
  openTrunk(id: string, row: ObjectRow): SIPInboundTrunkInfo {
    const trunk = SIPInboundTrunkInfo.fromBinary(row.message);
    if (row.password !== null) trunk.authPassword = openSecret(this.#sealingKey, id, row.password);
    return trunk;
  }

  /** The row of a trunk: its password leaves the message and is sealed. */
  trunkRow(trunk: SIPInboundTrunkInfo): ObjectRow {
    const bare = trunk.clone();
    bare.authPassword = '';
    const password =
      trunk.authPassword === ''
        ? null
        : sealSecret(this.#sealingKey, trunk.sipTrunkId, trunk.authPassword);
    return { message: bare.toBinary(), password };
  }

  ruleRow(rule: SIPDispatchRuleInfo): ObjectRow {
    return { message: rule.toBinary(), password: null };
  }

  /** Writes a row and its keys; null deletes both. Keys that stay are not touched: of a trunk with thousands of numbers one more is one row more. */
  write(kind: ObjectKind, id: string, row: ObjectRow | null): void {
    const old = this.row(kind, id);
    const before = old === null ? null : keysOfRow(kind, old);
    if (row === null) {
      if (before !== null) this.#count(kind, before, -1);
      this.#sql.exec('DELETE FROM keys WHERE kind = ? AND id = ?', kind, id);
      this.#sql.exec('DELETE FROM objects WHERE kind = ? AND id = ?', kind, id);
      return;
    }
    this.#sql.exec(
      'INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)',
      kind,
      id,
      row.message,
      row.password,
    );
    const after = keysOfRow(kind, row);
    // One statement for all keys of an object: a trunk may have 60,000.
    if (before !== null) {
      this.#sql.exec(
        `DELETE FROM keys WHERE (kind, dimension, key, id) IN
         (SELECT ?1, value ->> 0, value ->> 1, ?2 FROM json_each(?3))`,
        kind,
        id,
        JSON.stringify(keysMissingIn(after, before)),
      );
      this.#count(kind, before, -1);
    }
    this.#sql.exec(
      `INSERT INTO keys SELECT ?1, value ->> 0, value ->> 1, ?2, value ->> 2 FROM json_each(?3)`,
      kind,
      id,
      JSON.stringify(keysMissingIn(before, after)),
    );
    this.#count(kind, after, 1);
  }

  /** Ids of objects of a kind, `except` left out, that share a key of the dimension in which fewest do. */
  rivals(kind: ObjectKind, keys: ObjectKeys, except: string): string[] {
    let fewest: string[] | null = null;
    for (const [dimension, texts] of Object.entries(keys) as [Dimension, ReadonlySet<string>][]) {
      const limit = fewest === null ? -1 : fewest.length;
      const ids = this.#sharing(kind, dimension, texts, except, limit);
      if (fewest === null || ids.length < fewest.length) fewest = ids;
      if (fewest.length === 0) break;
    }
    return fewest ?? [];
  }

  /** How many keys are spread over buckets: called numbers, callers of rules for any number, PINs. */
  counts(): { numbers: number; callers: number; pins: number } {
    const rows = this.#sql
      .exec<{ name: string; value: number }>(
        "SELECT name, value FROM meta WHERE name IN ('numbers', 'callers', 'pins')",
      )
      .toArray();
    const value = (name: string) => rows.find((row) => row.name === name)?.value ?? 0;
    return { numbers: value('numbers'), callers: value('callers'), pins: value('pins') };
  }

  #sharing(
    kind: ObjectKind,
    dimension: Dimension,
    keys: ReadonlySet<string>,
    except: string,
    limit: number,
  ): string[] {
    // The join goes from the keys wanted to the index. DISTINCT here would have SQLite walk all objects in the order of their ids.
    const rows = this.#sql
      .exec<{ id: string }>(
        `SELECT keys.id AS id FROM json_each(?) AS wanted CROSS JOIN keys
         WHERE keys.kind = ? AND keys.dimension = ? AND keys.key = wanted.value AND keys.id <> ?
         LIMIT ?`,
        JSON.stringify([...keys]),
        kind,
        dimension,
        except,
        limit,
      )
      .toArray();
    return [...new Set(rows.map(({ id }) => id))];
  }

  #count(kind: ObjectKind, keys: ObjectKeys, sign: 1 | -1): void {
    const specific = (texts: ReadonlySet<string>) => (texts.has(anyKey) ? 0 : texts.size);
    this.#add('numbers', sign * specific(keys.number));
    if (kind === 'trunk') return;
    if (keys.number.has(anyKey)) this.#add('callers', sign * specific(keys.caller));
    this.#add('pins', sign * specific(keys.pin ?? new Set([anyKey])));
  }

  #add(name: string, amount: number): void {
    if (amount !== 0)
      this.#sql.exec(
        'INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = value + ?2',
        name,
        amount,
      );
  }
}

/** Why an object cannot be stored, whichever way it came; null: it can. */
export function sizeFault(message: Uint8Array): Fault | null {
  const { objectBytesMax } = revisionLimits;
  if (message.length <= objectBytesMax) return null;
  return fault('size', `expected at most ${objectBytesMax} bytes in one trunk or rule`);
}

/** Of the keys of an object those that `other` does not have, as dimension, key and hash. */
function keysMissingIn(other: ObjectKeys | null, keys: ObjectKeys): [Dimension, string, number][] {
  return (Object.entries(keys) as [Dimension, ReadonlySet<string>][]).flatMap(
    ([dimension, texts]) =>
      [...texts]
        .filter((key) => other?.[dimension]?.has(key) !== true)
        .map((key): [Dimension, string, number] => [
          dimension,
          key,
          key === anyKey ? 0 : keyHash(textOf(key)),
        ]),
  );
}

/** The id of an object as it lies in its row. */
export function idOfRow(kind: ObjectKind, { message }: ObjectRow): string {
  return kind === 'trunk'
    ? SIPInboundTrunkInfo.fromBinary(message).sipTrunkId
    : SIPDispatchRuleInfo.fromBinary(message).sipDispatchRuleId;
}

/** The keys of an object as it lies in its row. */
export function keysOfRow(kind: ObjectKind, { message }: ObjectRow): ObjectKeys {
  return kind === 'trunk'
    ? trunkKeys(SIPInboundTrunkInfo.fromBinary(message))
    : ruleKeys(SIPDispatchRuleInfo.fromBinary(message));
}
